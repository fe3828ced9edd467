"""Runs in a row share their workers, where the executor keeps them."""

import pytest

from cnnbench.errors import PluginError
from cnnbench.execution import local
from cnnbench.execution.local import LocalExecutor
from cnnbench.execution.work import work_of
from cnnbench.installed import installed_plugins
from cnnbench.loading.guards import GuardedExecutor
from cnnbench.planning.prepare import RunOptions, prepare
from cnnbench.plugin import Executor, Limits
from cnnbench.results.record import Status

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("scripted_path")]


@pytest.fixture
def started(monkeypatch):
    """The worker processes that are started, in order."""
    workers = []

    def open_worker(work, inbox):
        workers.append(opened(work, inbox))
        return workers[-1]

    opened = local.open_worker
    monkeypatch.setattr(local, "open_worker", open_worker)
    return workers


@pytest.fixture
def study(recipe, tmp_path):
    """Trials of the tiny study, and what runs them under some limits."""
    plugins = installed_plugins()
    prepared = prepare(recipe(), ["scripted"], plugins, RunOptions(tmp_path / "results"))

    def run(executor, part, slots=1):
        limits = Limits(slots, 1)
        work = work_of(plugins.backend("scripted"), "cpu", limits, plugins)
        outcomes = executor.run(prepared.trials[part], limits, lambda _: None, work)
        return [outcome.record.status for outcome in outcomes]

    return run


def test_a_session_has_the_same_workers_for_all_its_runs(study, started):
    with LocalExecutor().session() as executor:
        assert study(executor, slice(1)) == [Status.OK]
        assert study(executor, slice(1, 4)) == [Status.OK] * 3
        assert len(started) == 1
        assert started[0].alive
    assert not started[0].alive


def test_a_run_by_itself_leaves_no_worker(study, started):
    assert study(LocalExecutor(), slice(1)) == [Status.OK]
    assert not started[0].alive


def test_a_worker_that_died_between_two_runs_costs_no_trial(study, started):
    with LocalExecutor().session() as executor:
        study(executor, slice(1))
        started[0].kill()
        assert study(executor, slice(1, 3)) == [Status.OK] * 2
    assert len(started) == 2


def test_other_limits_take_other_workers(study, started):
    with LocalExecutor().session() as executor:
        study(executor, slice(1))
        assert study(executor, slice(1, 3), slots=2) == [Status.OK] * 2
        assert len(started) == 3
        assert not started[0].alive
    assert not any(worker.alive for worker in started)


def test_an_error_in_between_leaves_no_worker(study, started):
    def fail_within():
        with LocalExecutor().session() as executor:
            study(executor, slice(1))
            raise PluginError("of something else")

    with pytest.raises(PluginError, match="of something else"):
        fail_within()
    assert not started[0].alive


class Odd(Executor):
    name = "odd"

    def run(self, trials, limits, listener, work):
        yield from ()

    def session(self):
        return self

    def __enter__(self):
        return "an executor"

    def __exit__(self, *error):
        return None


def test_a_plugin_whose_session_is_none_is_named():
    executor = GuardedExecutor(Odd(), "executor 'odd' of a plugin")
    with pytest.raises(PluginError, match="executor 'odd' of a plugin has a session of"):
        executor.session().__enter__()
