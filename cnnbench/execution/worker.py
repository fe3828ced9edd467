"""A worker process: opens its work, then runs the trials it is sent until its starter is gone.

Started as `python -m cnnbench.execution.worker` with the backend's environment variables already
set. It talks over a private line (see `channel`); whatever a framework prints goes to a log.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import NoReturn

from cnnbench.execution.channel import Starter


def main() -> None:
    """Serve until the starter is gone."""
    starter = Starter()

    from cnnbench.errors import CnnbenchError
    from cnnbench.execution.protocol import pack_outcome, unpack_work
    from cnnbench.execution.relay import hand_over
    from cnnbench.execution.work import BenchWork
    from cnnbench.results.record import Epoch
    from cnnbench.trials.trial import Trial

    def refuse(reason: str) -> NoReturn:
        starter.send("refused", reason=reason)
        sys.stderr.flush()
        os._exit(0)  # without Python's farewell, which aborts while a thread waits for requests

    def wait(text: str) -> None:
        starter.send("waiting", text=text)

    def on_epoch(trial: Trial, epoch: Epoch) -> None:
        starter.send("epoch", trial=trial.id, epoch=epoch.model_dump(mode="json"))

    opening = starter.next()
    hand_over(starter.send, opening["log_level"])
    work = unpack_work(opening["work"])
    try:
        work.open(wait)
    except CnnbenchError as error:
        refuse(str(error))
    starter.send("ready")
    while True:
        request = starter.next()
        piece = [Trial.model_validate_json(trial) for trial in request["trials"]]
        if request["kind"] == "call":
            module, _, name = request["work"].partition(":")
            assert isinstance(work, BenchWork), "parity starts it with this work"
            call = getattr(import_module(module), name)
            starter.send("answer", content=call(work.bench(), *piece, **request["options"]))
        else:
            for outcome in work.run(piece, on_epoch):
                starter.send("outcome", **pack_outcome(outcome))


if __name__ == "__main__":
    main()
