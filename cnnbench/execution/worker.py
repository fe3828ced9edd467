"""A worker process: opens one backend, then runs the trials it is sent until its input ends.

Started as `python -m cnnbench.execution.worker` with the backend's environment variables already
set. It talks over its standard streams (see `protocol`); whatever a framework prints goes to its
standard error, which its starter keeps.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from typing import Any, BinaryIO, NoReturn

from cnnbench.execution.protocol import decode, encode, pack_outcome, pack_probe


def main() -> None:
    """Serve until the input ends."""
    # These reach the whole process group; what becomes of the trial is the starter's decision.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    output = _private_stdout()
    requests: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    _serve(requests, output)


def _private_stdout() -> BinaryIO:
    """The pipe to the starter; from here on, file descriptor 1 is standard error."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return pipe


def _listen(requests: queue.Queue[dict[str, Any]]) -> None:
    for line in sys.stdin.buffer:
        requests.put(decode(line))
    # The starter is gone, perhaps killed: nobody is left to record what runs here.
    os._exit(0)


def _leave() -> NoReturn:
    """End without Python's farewell, which aborts while a thread waits for standard input."""
    sys.stderr.flush()
    os._exit(0)


def _serve(requests: queue.Queue[dict[str, Any]], output: BinaryIO) -> None:
    from cnnbench.errors import CnnbenchError
    from cnnbench.execution.bench import Bench
    from cnnbench.plugin.executor import Limits
    from cnnbench.plugin.manager import load_plugins
    from cnnbench.results.record import Epoch
    from cnnbench.training.crash import describe_crash
    from cnnbench.trials.trial import Trial

    def send(kind: str, **content: Any) -> None:
        output.write(encode(kind, **content))
        output.flush()

    def on_epoch(epoch: Epoch) -> None:
        send("epoch", epoch=epoch.model_dump(mode="json"))

    opening = requests.get()
    try:
        bench = Bench(
            load_plugins(), opening["backend"], opening["device"], Limits(**opening["limits"])
        )
    except CnnbenchError as error:
        send("refused", reason=str(error))
        _leave()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a broken framework raises
        reason = describe_crash(error)
        send("refused", reason=f"backend {opening['backend']} can't be opened: {reason}")
        _leave()
    send("ready")
    while True:
        request = requests.get()
        trial = Trial.model_validate_json(request["trial"])
        if request["kind"] == "probe":
            send("probe", **pack_probe(bench.probe(trial, nudged=request["nudged"])))
        else:
            send("outcome", **pack_outcome(bench.run(trial, on_epoch)))


if __name__ == "__main__":
    main()
