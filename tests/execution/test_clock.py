"""How long a trial may still take."""

from cnnbench.execution import clock
from cnnbench.execution.clock import Clock


def test_the_clock_stops_while_the_process_is_stopped(monkeypatch):
    times = iter([100.0, 100.5, 101.25, 3701.25, 3701.5])
    monkeypatch.setattr(clock.time, "monotonic", lambda: next(times))
    lived = Clock(tick=1.0)
    assert [lived.read() for _ in range(4)] == [0.5, 1.25, 3.25, 3.5]
