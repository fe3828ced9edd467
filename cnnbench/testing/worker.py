"""The process that runs a backend's checks: names of checks come in, findings go out.

Started by `cnnbench.testing.process` with the backend's environment already set, and told which
backend on which device by the first message.
"""

from __future__ import annotations

import sys

from cnnbench.execution.channel import Starter


def main() -> None:
    """Answer until the starter is gone."""
    starter = Starter()

    from dataclasses import asdict

    from cnnbench.processes import made_for_good
    from cnnbench.testing.checking import refusal, run_check
    from cnnbench.testing.checks import CHECKS
    from cnnbench.testing.rig import Rig
    from cnnbench.testing.target import find_backend, widen_search

    opening = starter.next()
    widen_search(opening["path"])
    before = frozenset(sys.modules)
    target = opening["target"]
    backend = find_backend(target)
    rig = Rig(backend, opening["device"], opening["threads"], before, target=target)
    with made_for_good():
        reason = refusal(rig)
    if reason:
        starter.send("refused", reason=reason)
    starter.send("ready")
    by_name = {check.name: check for check in CHECKS}
    while True:
        check = by_name[starter.next()["name"]]
        starter.send("finding", finding=asdict(run_check(check, rig)))


if __name__ == "__main__":
    main()
