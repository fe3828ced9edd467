"""Whatever a plugin's source, executor or format does wrong is said of it, in one sentence."""

from __future__ import annotations

import pytest

from cnnbench.data.sources.cache import open_images
from cnnbench.data.sources.source import Request
from cnnbench.errors import DataError, PluginError
from cnnbench.loading.manager import load_plugins
from cnnbench.plugin.executor import Limits
from cnnbench.testing.example import example_trial
from cnnbench.trials.trial import Trial

SOURCE = """
import numpy as np

class Stars(DataSource):
    name = "stars"
    description = "dots on black"
    synthetic = True

    def facts(self, request):
        return Facts((8, 8, 1), ("a", "b"), {{"all": 4}})

    def fingerprint(self, request):
        return "1"

    def load(self, request):
        return ImageData(np.zeros((4, 8, 8, 1), np.uint8), np.arange(4) % 2, ("a", "b"))

    {wrong}

@hookimpl
def cnnbench_sources():
    return [Stars()]
"""

WRONG_SOURCES = {
    "load gives images of another size": (
        (
            "def load(self, request):\n        "
            "return ImageData(np.zeros((4, 6, 8, 1), np.uint8), np.arange(4) % 2, ('a', 'b'))"
        ),
        "gave images as uint8 of shape (4, 6, 8, 1), while its facts say (n, 8, 8, 1)",
    ),
    "load raises": (
        "def load(self, request): raise KeyError('pixels')",
        "failed: KeyError: 'pixels' (",
    ),
    "load exits": ("def load(self, request): raise SystemExit(3)", "failed: SystemExit: 3"),
    "facts gives nothing": (
        "def facts(self, request): ...",
        "gave a value of type NoneType in place of Facts",
    ),
    "facts raises": ("def facts(self, request): return 1 / 0", "failed: ZeroDivisionError: "),
    "fingerprint raises": (
        "def fingerprint(self, request): raise OSError('no such disk')",
        "failed: OSError: no such disk",
    ),
    "fingerprint gives nothing": (
        "def fingerprint(self, request): ...",
        "has a fingerprint of type NoneType, not a text",
    ),
}


WRONG_ODDITIES = {
    "def oddities(self, request): return 'too small'": (
        "gave the oddities 'too small', not a tuple of sentences"
    ),
    "def oddities(self, request): return [3]": "gave the oddities [3], not a tuple of sentences",
    "def oddities(self, request): return 1 / 0": "failed: ZeroDivisionError: ",
}


@pytest.mark.parametrize("wrong", WRONG_ODDITIES)
def test_oddities_that_are_no_sentences_are_refused(wrong, place):
    place("stars_plugin", SOURCE.format(wrong=wrong), distribution="some-stars")
    with pytest.raises(DataError) as caught:
        load_plugins().source("stars").oddities(Request())
    reason = WRONG_ODDITIES[wrong]
    assert str(caught.value).startswith(f"source 'stars' of some-stars 1.2.3 {reason}")


def test_oddities_of_a_plugin_are_handed_on(place):
    own = "def oddities(self, request): return (f'{request.color} stars',)"
    place("stars_plugin", SOURCE.format(wrong=own))
    assert load_plugins().source("stars").oddities(Request()) == ("auto stars",)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Nothing is kept between tests."""
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("case", WRONG_SOURCES)
def test_what_a_source_does_wrong_names_it_and_its_distribution(case, place):
    wrong, reason = WRONG_SOURCES[case]
    place("stars_plugin", SOURCE.format(wrong=wrong), distribution="some-stars")
    with pytest.raises(DataError) as caught:
        open_images(load_plugins().source("stars"), Request())
    assert str(caught.value).startswith(f"source 'stars' of some-stars 1.2.3 {reason}")
    assert caught.value.key == "source"


def test_an_error_inside_a_source_is_given_with_its_place(place, tmp_path):
    wrong = "def load(self, request):\n        raise KeyError"
    place("stars_plugin", SOURCE.format(wrong=wrong))
    lines = (tmp_path / "stars_plugin.py").read_text().splitlines()
    number = lines.index("        raise KeyError") + 1
    with pytest.raises(DataError, match=rf"KeyError \(.*stars_plugin\.py:{number}\)$"):
        open_images(load_plugins().source("stars"), Request())


def test_what_a_source_says_itself_is_left_as_it_is(place):
    wrong = "def load(self, request): raise DataError('the stars are out', 'train')"
    place("stars_plugin", SOURCE.format(wrong=wrong))
    with pytest.raises(DataError, match=r"^the stars are out$") as caught:
        open_images(load_plugins().source("stars"), Request())
    assert caught.value.key == "train"


def test_a_source_that_keeps_its_promise_is_cached_as_any_other(place):
    place("stars_plugin", SOURCE.format(wrong=""))
    plugins = load_plugins()
    source = plugins.source("stars")
    assert (source.name, source.argument, source.description) == ("stars", "", "dots on black")
    assert plugins.distribution_of(source).entry_point == "stars_plugin"
    cached = open_images(source, Request())
    assert cached.images.shape == (4, 8, 8, 1)
    assert cached.labels.tolist() == [0, 1, 0, 1]
    assert cached.synthetic


def trial(number: int) -> Trial:
    return example_trial(id=f"t{number}", replicate=number, backend="good")


EXECUTOR = """
def ended(trial):
    return Outcome(
        Record(
            trial=trial.id, recipe="tiny", variant="plain", replicate=trial.replicate,
            backend="good", status=Status.OK,
        )
    )

class Cluster(Executor):
    name = "cluster"

    def run(self, trials, limits, listener, work):
        {body}

@hookimpl
def cnnbench_executors():
    return [Cluster()]
"""

WRONG_EXECUTORS = {
    "yields nothing": ("yield from ()", 0, "left 2 of 2 trials without an outcome; run again"),
    "stops early": ("yield ended(trials[0])", 1, "left 1 of 2 trials without an outcome"),
    "returns nothing": ("return None", 0, "returned a value of type NoneType, not an iterator"),
    "yields None": ("yield None", 0, "yielded a value of type NoneType, not an Outcome"),
    "yields an empty outcome": (
        "yield Outcome(None)",
        0,
        "yielded a value of type Outcome, not an Outcome with a Record",
    ),
    "ends a trial twice": (
        "yield ended(trials[0]); yield ended(trials[0])",
        1,
        "yielded an outcome of trial t0, which it was not given or had ended already",
    ),
    "raises at once": ("raise OSError('no cluster')", 0, "failed: OSError: no cluster"),
    "raises half way": ("yield ended(trials[0]); 1 / 0", 1, "failed: ZeroDivisionError: "),
    "exits": ("yield ended(trials[0]); raise SystemExit", 1, "failed: SystemExit"),
}


@pytest.mark.parametrize("case", WRONG_EXECUTORS)
def test_what_an_executor_does_wrong_names_it_after_the_outcomes_that_came(case, place):
    body, good, reason = WRONG_EXECUTORS[case]
    place("cluster_plugin", EXECUTOR.format(body=body), distribution="some-cluster")
    trials = [trial(0), trial(1)]
    came = []
    executor = load_plugins().executor("cluster")
    with pytest.raises(PluginError) as caught:
        came.extend(x.record.trial for x in executor.run(trials, Limits(1, 1), print, work=None))
    assert came == ["t0"][:good]
    assert str(caught.value).startswith(f"executor 'cluster' of some-cluster 1.2.3 {reason}")


def test_an_executor_is_closed_when_its_run_is_given_up(place, tmp_path):
    body = f"""
        try:
            yield ended(trials[0])
        finally:
            open({str(tmp_path / "closed")!r}, "w").close()
"""
    place("cluster_plugin", EXECUTOR.format(body=body))
    outcomes = (
        load_plugins().executor("cluster").run([trial(0), trial(1)], Limits(1, 1), print, None)
    )
    assert next(outcomes).record.trial == "t0"
    outcomes.close()
    assert (tmp_path / "closed").exists()


def test_an_executor_in_this_process_is_known_as_one(place):
    body = "return map(ended, trials)\n    in_process = True"
    place("cluster_plugin", EXECUTOR.format(body=body))
    assert load_plugins().executor("cluster").in_process


def test_an_executor_that_yields_an_outcome_for_each_trial_is_left_alone(place):
    place("cluster_plugin", EXECUTOR.format(body="return map(ended, reversed(trials))"))
    outcomes = (
        load_plugins().executor("cluster").run([trial(0), trial(1)], Limits(1, 1), print, None)
    )
    assert [outcome.record.trial for outcome in outcomes] == ["t1", "t0"]


ADDRESSED = """return map(ended, trials)

    argument = "ADDRESS"

    def at(self, argument):
        {body}
"""


def test_an_executor_that_takes_an_argument_is_made_for_it(place):
    body = ADDRESSED.format(body="self.name = argument; return self")
    place("cluster_plugin", EXECUTOR.format(body=body))
    found = load_plugins().executor("cluster:10.0.0.1:6379")
    assert found.name == "10.0.0.1:6379"
    assert [x.record.trial for x in found.run([trial(0)], Limits(1, 1), print, None)] == ["t0"]


def test_an_executor_that_takes_no_argument_says_so(place):
    place("cluster_plugin", EXECUTOR.format(body="return map(ended, trials)"))
    with pytest.raises(PluginError, match="takes nothing after its name: give --executor cluster"):
        load_plugins().executor("cluster:here")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return argument", "gave a value of type str for 'here', not an Executor"),
        ("return 1 / 0", "failed: ZeroDivisionError"),
    ],
)
def test_what_an_executor_makes_of_its_argument_is_checked(body, reason, place):
    place("cluster_plugin", EXECUTOR.format(body=ADDRESSED.format(body=body)))
    with pytest.raises(PluginError) as refused:
        load_plugins().executor("cluster:here")
    assert reason in str(refused.value)


WRONG_FORMATS = {
    "nothing": ("lambda comparison: None", "returned a value of type NoneType, not a text"),
    "bytes": ("lambda comparison: b'x'", "returned a value of type bytes, not a text"),
    "an error": ("lambda comparison: comparison.tabels", "failed: AttributeError: "),
}


@pytest.mark.parametrize("case", WRONG_FORMATS)
def test_a_format_that_gives_no_text_names_itself(case, place):
    render, reason = WRONG_FORMATS[case]
    source = f"""
@hookimpl
def cnnbench_report_formats():
    return [ReportFormat("shout", {render})]
"""
    place("format_plugin", source, distribution="some-format")
    with pytest.raises(PluginError) as caught:
        load_plugins().report_format("shout").render(object())
    assert str(caught.value).startswith(f"report format 'shout' of some-format 1.2.3 {reason}")
