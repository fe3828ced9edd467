"""How many trials run at a time, and with how many threads."""

from __future__ import annotations

from collections.abc import Sequence

from cnnbench.planning.device import is_exclusive
from cnnbench.plugin.executor import Executor, Limits
from cnnbench.processes import usable_cores
from cnnbench.trials.trial import Trial


def limits_of(
    trials: Sequence[Trial],
    *,
    jobs: int | None = None,
    timeout: float | None = None,
    gpu: bool = False,
    executor: Executor | None = None,
) -> Limits:
    """Slots and threads: `jobs` trials at a time, each with its share of the cores.

    By default one trial a core with one thread, and on a GPU one with all the cores. Trials that
    ask for exclusive timing always run one at a time. Threads do not depend on how many trials are
    left, since the order of additions, and with it the last bits of a result, depends on the
    threads. An executor may have slots of its own, elsewhere, with a thread each.
    """
    cores = usable_cores()
    exclusive = is_exclusive(trials)
    own = (executor.gpu_slots() if gpu else executor.slots()) if executor else None
    shares = 1 if exclusive else jobs or own or (1 if gpu else cores)
    slots = 1 if executor and executor.in_process else min(shares, len(trials))
    if own and not jobs:
        return Limits(slots, 1, timeout, exclusive, gpu)
    return Limits(slots, max(1, cores // shares), timeout, exclusive, gpu)
