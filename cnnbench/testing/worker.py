"""The process that runs a backend's checks: names of checks come in, findings go out, as lines.

Started by `cnnbench.testing.process` with the backend's environment already set:
python -m cnnbench.testing.worker BACKEND DEVICE THREADS
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

from cnnbench.errors import PluginError
from cnnbench.testing.bench import Bench
from cnnbench.testing.checking import run_check
from cnnbench.testing.checks import CHECKS
from cnnbench.testing.target import find_backend


def main(target: str, device: str, threads: str) -> None:
    """Answer every line of standard input until it ends."""
    # What frameworks print must not get between the findings.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    before = frozenset(sys.modules)
    bench = Bench(find_backend(target), device, int(threads), before, target=target)
    refusal = _refusal(bench)
    by_name = {check.name: check for check in CHECKS}
    for line in sys.stdin:
        if refusal:
            answer = {"refusal": refusal}
        else:
            answer = asdict(run_check(by_name[line.strip()], bench))
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _refusal(bench: Bench) -> str:
    """Why the backend does not open on this device, "" if it does."""
    try:
        _ = bench.engine
    except PluginError as error:
        return str(error)
    except Exception:  # noqa: BLE001 - an error of the backend's, which the checks report
        return ""
    return ""


if __name__ == "__main__":
    main(*sys.argv[1:])
