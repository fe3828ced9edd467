"""How many trials run at a time."""

import pytest

from cnnbench.execution import limits
from cnnbench.execution.inline import InlineExecutor
from cnnbench.execution.limits import limits_of
from cnnbench.planning.device import takes_gpu
from cnnbench.plugin.backend import Availability
from cnnbench.testing.example import example_trial
from cnnbench.testing.numpy_backend import NumpyBackend


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch):
    monkeypatch.setattr(limits, "usable_cores", lambda: 8)


def trials(number, *, exclusive=False):
    settings = {"data": {"source": "mnist5k"}, "evaluation": {"exclusive": exclusive}}
    one = example_trial(device="auto", configuration=settings)
    return [one] * number


@pytest.mark.parametrize(
    ("number", "options", "slots", "threads"),
    [
        (20, {}, 8, 1),
        (3, {}, 3, 1),
        (20, {"jobs": 2}, 2, 4),
        (20, {"gpu": True}, 1, 8),
        (20, {"gpu": True, "jobs": 4}, 4, 2),
        (20, {"executor": InlineExecutor()}, 1, 1),
    ],
)
def test_each_trial_has_its_share_of_the_cores_and_a_gpu_has_one(number, options, slots, threads):
    found = limits_of(trials(number), **options)
    assert (found.slots, found.threads, found.exclusive) == (slots, threads, False)
    assert found.gpu == options.get("gpu", False)


def test_exclusive_trials_have_the_machine_alone_whatever_was_asked():
    found = limits_of([*trials(5), *trials(1, exclusive=True)], jobs=4)
    assert (found.slots, found.threads, found.exclusive) == (1, 8, True)


class Graphic(NumpyBackend):
    def check(self):
        return Availability(available=True, devices=("cpu", "gpu"))


@pytest.mark.parametrize(
    ("device", "backend", "gpu"),
    [
        ("auto", Graphic(), True),
        ("auto", NumpyBackend(), False),
        ("cpu", Graphic(), False),
        ("gpu", Graphic(), True),
    ],
)
def test_auto_takes_a_gpu_where_the_backend_finds_one(device, backend, gpu):
    assert takes_gpu(device, backend) is gpu


class Cluster(InlineExecutor):
    in_process = False

    def slots(self):
        return 12

    def gpu_slots(self):
        return 2


@pytest.mark.parametrize(("gpu", "slots"), [(False, 12), (True, 2)])
def test_an_executor_may_have_slots_of_its_own(gpu, slots):
    found = limits_of(trials(20), gpu=gpu, executor=Cluster())
    assert (found.slots, found.threads) == (slots, 1)
    assert limits_of(trials(20), gpu=gpu, jobs=4, executor=Cluster()).slots == 4
