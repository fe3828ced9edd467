"""A plugin that is broken is kept with its reason and disturbs no other."""

from __future__ import annotations

import pytest

from cnnbench.loading.manager import load_plugins
from cnnbench.plugin.report_format import ReportFormat

from .conftest import BASE, GOOD, SOURCE, broken

BROKEN = {
    "an import error": (
        "import a_module_that_is_nowhere",
        "it can't be imported: ModuleNotFoundError: No module named 'a_module_that_is_nowhere'",
    ),
    "an exit while it is imported": (
        "raise SystemExit('framework too old')",
        "it can't be imported: SystemExit: framework too old",
    ),
    "what is no Exception": (
        "class Panic(BaseException): ...\nraise Panic('called unwrap on None')",
        "it can't be imported: Panic: called unwrap on None",
    ),
    "a syntax error": ("def", "it can't be imported: SyntaxError: invalid syntax"),
    "no interface version": (
        "del CNNBENCH_INTERFACE",
        (
            "it states no interface version; cnnbench has 1.2, so it needs "
            'CNNBENCH_INTERFACE = "1.2" in its module'
        ),
    ),
    "another major version": (
        "CNNBENCH_INTERFACE = '2.0'",
        "it was made for plugin interface 2.0, this cnnbench has 1.2",
    ),
    "a version that is none": (
        "CNNBENCH_INTERFACE = 1.0",
        'its CNNBENCH_INTERFACE is 1.0, not a text like "1.2"',
    ),
    "a misspelt hook": (
        "@hookimpl\ndef cnnbench_backend(): return []",
        "it implements the unknown hook 'cnnbench_backend'; did you mean 'cnnbench_backends'?",
    ),
    "a hook without the mark": (
        "def cnnbench_backends(): return []",
        "its function 'cnnbench_backends' is not marked with @hookimpl",
    ),
    "a misspelt hook without the mark": (
        "def cnbench_backends(): return []",
        "its function 'cnbench_backends' is no hook; did you mean 'cnnbench_backends'? a hook is",
    ),
    "a hook with other parameters": (
        "@hookimpl\ndef cnnbench_trial_started(model): pass",
        "a hook is not as specified: hookimpl definition: cnnbench_trial_started(model); ",
    ),
    "a hook that raises": (
        "@hookimpl\ndef cnnbench_backends(): raise ValueError('no licence\\nsecond line')",
        "its hook 'cnnbench_backends' failed: ValueError: no licence",
    ),
    "a hook that raises half way": (
        GOOD + "@hookimpl\ndef cnnbench_sources():\n    yield Good()\n    raise SystemExit",
        "its hook 'cnnbench_sources' failed: SystemExit",
    ),
    "a hook that returns no list": (
        GOOD + "@hookimpl\ndef cnnbench_backends(): return Good()",
        "its hook 'cnnbench_backends' returned a value of type Good, not a list of backends",
    ),
    "a hook that returns a text": (
        "@hookimpl\ndef cnnbench_backends(): return 'good'",
        "its hook 'cnnbench_backends' returned a value of type str, not a list of backends",
    ),
    "a class in place of an instance": (
        GOOD + "@hookimpl\ndef cnnbench_backends(): return [Good]",
        "its hook 'cnnbench_backends' returned the class Good, not an instance of Backend",
    ),
    "a thing of another kind": (
        GOOD + "@hookimpl\ndef cnnbench_sources(): return [Good()]",
        "its hook 'cnnbench_sources' returned a value of type Good, not an instance of DataSource",
    ),
    "an unfinished class": (
        (
            "class Half(Backend):\n    name = 'half'\n"
            "@hookimpl\ndef cnnbench_backends(): return [Half()]"
        ),
        "its hook 'cnnbench_backends' failed: TypeError: Can't instantiate abstract class Half",
    ),
    "a backend without a name": (
        GOOD + "del Good.name\n@hookimpl\ndef cnnbench_backends(): return [Good()]",
        "its backend a value of type Good has no text 'name'",
    ),
    "a backend whose capabilities are none": (
        GOOD + "Good.capabilities = {'conv'}\n@hookimpl\ndef cnnbench_backends(): return [Good()]",
        "its backend a value of type Good has no Capabilities 'capabilities'",
    ),
    "a backend whose capabilities can't be asked for": (
        GOOD
        + "Good.capabilities = property(lambda self: 1 / 0)\n"
        + "@hookimpl\ndef cnnbench_backends(): return [Good()]",
        "its backend a value of type Good failed: ZeroDivisionError: division by zero",
    ),
    "a source that says nothing of being synthetic": (
        SOURCE + "Source.synthetic = 'no'\n@hookimpl\ndef cnnbench_sources(): return [Source()]",
        "its source a value of type Source has no True or False 'synthetic'",
    ),
    "a format that renders nothing": (
        "@hookimpl\ndef cnnbench_report_formats(): return [ReportFormat('shout', 'text')]",
        "its report format a value of type ReportFormat has no function 'render'",
    ),
    "a base that does not say what it was trained on": (
        BASE + "Base.trained_on = None\n" + "@hookimpl\ndef cnnbench_bases(): return [Base()]",
        "its base a value of type Base has no text 'trained_on'",
    ),
    "a base without a licence": (
        BASE + "del Base.licence\n@hookimpl\ndef cnnbench_bases(): return [Base()]",
        "its base a value of type Base has no text 'licence'",
    ),
    "a base whose scaling is a name": (
        BASE + "Base.scaling = 'keras'\n@hookimpl\ndef cnnbench_bases(): return [Base()]",
        "its base a value of type Base has no InputScaling 'scaling'",
    ),
    "a base whose accuracy is from nowhere": (
        BASE + "Base.accuracy = 0.9\n@hookimpl\ndef cnnbench_bases(): return [Base()]",
        "its base a value of type Base has no PublishedAccuracy or None 'accuracy'",
    ),
    "a base of no channels": (
        BASE + "Base.channels = 0\n@hookimpl\ndef cnnbench_bases(): return [Base()]",
        "its base a value of type Base has no number of at least 1 'channels'",
    ),
    "a base whose points are a text": (
        BASE + "Base.points = 'conv_1'\n@hookimpl\ndef cnnbench_bases(): return [Base()]",
        "its base a value of type Base has no tuple of names 'points'",
    ),
    "a base with the name of a published one": (
        BASE + "Base.name = 'vgg16'\n@hookimpl\ndef cnnbench_bases(): return [Base()]",
        "its base 'vgg16' is already provided by cnnbench",
    ),
    "a name that is a path": (
        GOOD + "Good.name = '../good'\n@hookimpl\ndef cnnbench_backends(): return [Good()]",
        "the backend name '../good' is not made of letters, digits, '.', '_' and '-'",
    ),
    "the same name twice": (
        GOOD + "Good.name = 'twin'\n@hookimpl\ndef cnnbench_backends(): return [Good(), Good()]",
        "its backend 'twin' is already provided by itself",
    ),
    "the name of a built-in source": (
        (
            "class Source(DataSource):\n    name = 'digits'\n    def facts(self, request): ...\n"
            "    def fingerprint(self, request): ...\n    def load(self, request): ...\n"
            "@hookimpl\ndef cnnbench_sources(): return [Source()]"
        ),
        "its source 'digits' is already provided by cnnbench",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_kept_with_its_reason_and_disturbs_nothing(case, good, place):
    source, reason = BROKEN[case]
    place("zz_broken", source)
    plugins = load_plugins()
    found = broken(plugins, "zz_broken")
    assert found.reason.startswith(reason)
    assert "\n" not in found.reason
    assert (found.origin.distribution, found.origin.version) == ("zz_broken", "1.2.3")
    assert plugins.backend("good").name == "good"
    assert not [x for x in plugins.found() if x.origin.entry_point == "zz_broken"]


def test_no_plugin_takes_the_name_of_a_builtin_executor_or_format(place):
    place(
        "takes_names",
        """
@hookimpl
def cnnbench_report_formats():
    return [ReportFormat("csv", str)]
""",
    )
    builtin = ReportFormat("csv", render=repr)
    plugins = load_plugins(report_formats=[builtin])
    assert broken(plugins, "takes_names").reason.startswith(
        "its report format 'csv' is already provided by cnnbench"
    )
    assert plugins.report_format("csv") is builtin


def test_nothing_of_a_broken_plugin_is_used_not_even_what_was_right(good, place):
    place(
        "aa_half",
        GOOD
        + """
Good.name = "early"

@hookimpl
def cnnbench_backends():
    return [Good()]

@hookimpl
def cnnbench_executors():
    raise ValueError
""",
    )
    plugins = load_plugins()
    assert broken(plugins, "aa_half").reason == "its hook 'cnnbench_executors' failed: ValueError"
    assert "early" not in plugins.backends


def test_the_hooks_of_a_broken_plugin_are_never_called(good, place, tmp_path):
    place(
        "aa_noisy",
        f"""
@hookimpl
def cnnbench_bakends():
    return []

@hookimpl
def cnnbench_backends():
    open({str(tmp_path / "called")!r}, "w").close()
    return []
""",
    )
    assert broken(load_plugins(), "aa_noisy").reason.startswith("it implements the unknown hook")
    assert not (tmp_path / "called").exists()


def test_the_author_of_a_broken_plugin_finds_its_traceback(place):
    place("zz_broken", "def deep():\n    raise KeyError('weights')\ndeep()")
    trace = broken(load_plugins(), "zz_broken").traceback
    assert "in deep" in trace
    assert "KeyError: 'weights'" in trace


def test_what_is_left_of_a_half_removed_distribution_is_a_broken_plugin(good, tmp_path):
    info = tmp_path / "half_gone-1.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[cnnbench]\nhalf = half_gone\n")
    plugins = load_plugins()
    found = broken(plugins, "half")
    assert str(found.origin) == "an unnamed distribution ?"
    assert "No module named 'half_gone'" in found.reason
    assert "good" in plugins.backends
