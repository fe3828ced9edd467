"""A worker process: opens one backend, then runs the trials it is sent until its starter is gone.

Started as `python -m cnnbench.execution.worker` with the backend's environment variables already
set. It talks over a private line (see `channel`); whatever a framework prints goes to a log.
"""

from __future__ import annotations

import logging
import os
import sys
from importlib import import_module
from typing import NoReturn

from cnnbench.execution.channel import Starter

LOGGER = logging.getLogger("cnnbench.execution.worker")
"""By name, as this module is called __main__ here."""


def main() -> None:
    """Serve until the starter is gone."""
    starter = Starter()

    from cnnbench.errors import CnnbenchError
    from cnnbench.execution.bench import Bench
    from cnnbench.execution.protocol import pack_outcome
    from cnnbench.execution.relay import hand_over
    from cnnbench.loading.manager import load_plugins
    from cnnbench.plugin.executor import Limits
    from cnnbench.results.record import Epoch
    from cnnbench.training.crash import describe_crash
    from cnnbench.trials.trial import Trial

    def refuse(reason: str) -> NoReturn:
        starter.send("refused", reason=reason)
        sys.stderr.flush()
        os._exit(0)  # without Python's farewell, which aborts while a thread waits for requests

    def wait(text: str) -> None:
        starter.send("waiting", text=text)

    def on_epoch(epoch: Epoch) -> None:
        starter.send("epoch", epoch=epoch.model_dump(mode="json"))

    opening = starter.next()
    hand_over(starter.send, opening["log_level"])
    name, device, limits = opening["backend"], opening["device"], Limits(**opening["limits"])
    try:
        bench = Bench(load_plugins(on_wait=wait), name, device, limits)
    except CnnbenchError as error:
        refuse(str(error))
    except (Exception, SystemExit) as error:
        LOGGER.info("backend %s can't be opened", name, exc_info=True)
        hint = "--executor inline shows the whole traceback"
        refuse(f"backend {name} can't be opened: {describe_crash(error)}; {hint}")
    starter.send("ready")
    while True:
        request = starter.next()
        trial = Trial.model_validate_json(request["trial"])
        if request["kind"] == "call":
            module, _, name = request["work"].partition(":")
            work = getattr(import_module(module), name)
            starter.send("answer", content=work(bench, trial, **request["options"]))
        else:
            starter.send("outcome", **pack_outcome(bench.run(trial, on_epoch)))


if __name__ == "__main__":
    main()
