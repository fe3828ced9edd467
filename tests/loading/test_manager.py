from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnnbench.data.sources.source import DataSource
from cnnbench.errors import PluginError
from cnnbench.loading.found import BrokenPlugin
from cnnbench.loading.manager import Plugins, load_plugins
from cnnbench.plugin.backend import Backend
from cnnbench.plugin.report_format import ReportFormat

GOOD = """
class Good(Backend):
    name = "good"
    title = "A good backend"

    def check(self):
        return Availability(available=True)

    def open(self, device, threads):
        raise PluginError("it computes nothing")
"""

PROVIDES_GOOD = (
    GOOD
    + """
@hookimpl
def cnnbench_backends():
    return [Good()]
"""
)

SOURCE = """
class Source(DataSource):
    name = "stars"
    def facts(self, request): ...
    def fingerprint(self, request): ...
    def load(self, request): ...
"""

BASE = """
class Base(PretrainedBase):
    name = "tiny"
    trained_on, licence, scaling = "dots", "MIT", SCALINGS["keras"]
    def check(self): ...
    def network(self, input_shape): ...
    def weights(self): ...
"""


def broken(plugins: Plugins, entry_point: str) -> BrokenPlugin:
    """The one plugin of that name that was refused."""
    (found,) = [x for x in plugins.broken if x.origin.entry_point == entry_point]
    return found


@pytest.fixture
def good(place):
    """A plugin that must go on working whatever the others do; sorts in the middle."""
    return place("mm_good_plugin", PROVIDES_GOOD)


def test_a_plugin_brings_its_backend_with_its_distribution_and_version(place):
    place("some_plugin", PROVIDES_GOOD, entry_point="some", distribution="some-dist", version="4.5")
    plugins = load_plugins()
    backend = plugins.backend("good")
    assert isinstance(backend, Backend)
    origin = plugins.distribution_of(backend)
    assert (origin.entry_point, origin.distribution, origin.version) == ("some", "some-dist", "4.5")


def test_every_kind_of_thing_comes_through_the_same_door(place):
    place(
        "all_kinds",
        GOOD
        + """
class Source(DataSource):
    name = "stars"
    argument = "PATH"

    def facts(self, request): ...
    def fingerprint(self, request): ...
    def load(self, request): ...

class Elsewhere(Executor):
    name = "elsewhere"

    def run(self, trials, limits, listener, work): ...

class Base(PretrainedBase):
    name = "tiny"
    trained_on, licence, scaling = "dots", "MIT", SCALINGS["keras"]

    def check(self): ...
    def network(self, input_shape): ...
    def weights(self): ...

@hookimpl
def cnnbench_backends():
    yield Good()

@hookimpl
def cnnbench_sources():
    return (Source(),)

@hookimpl
def cnnbench_executors():
    return [Elsewhere()]

@hookimpl
def cnnbench_report_formats():
    return {ReportFormat("shout", lambda comparison: str(comparison).upper())}

@hookimpl
def cnnbench_bases():
    return [Base()]
""",
    )
    plugins = load_plugins()
    assert plugins.backend("good").title == "A good backend"
    assert plugins.source("stars").argument == "PATH"
    assert plugins.executor("elsewhere").name == "elsewhere"
    assert plugins.report_format("shout").render("better") == "BETTER"
    assert plugins.base("tiny").trained_on == "dots"
    assert {x.kind.word for x in plugins.found() if x.origin.entry_point == "all_kinds"} == {
        "backend",
        "source",
        "executor",
        "report format",
        "base",
    }


def test_builtin_sources_come_first_and_from_cnnbench():
    plugins = load_plugins()
    first = next(iter(plugins.sources.values()))
    assert isinstance(first, DataSource)
    assert plugins.distribution_of(first).distribution == "cnnbench"
    assert {"digits", "mnist5k", "npz", "folder"} <= set(plugins.sources)


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


OTHER = """
class Other(Good):
    name = "other"
    title = "Another backend"

class Twin(Good):
    title = "The same name again"

@hookimpl
def cnnbench_backends():
    return [Twin(), Other()]

@hookimpl
def cnnbench_trial_started(trial): ...
"""


@pytest.mark.parametrize("entry_point", ["aa_intruder", "zz_intruder"])
def test_a_name_that_two_plugins_bring_is_nobodys_and_all_the_rest_works(good, place, entry_point):
    place("intruder", GOOD + OTHER, entry_point=entry_point, distribution="an-intruder")
    plugins = load_plugins()
    assert not plugins.broken
    assert plugins.backend("other").title == "Another backend"
    assert "good" not in plugins.backends
    assert entry_point in [x.name for x in plugins.found() if x.kind.word == "tracker"]
    (contested,) = plugins.contested
    assert (contested.kind.word, contested.name) == ("backend", "good")
    origins = {x.entry_point: x.distribution for x in contested.origins}
    assert origins == {"mm_good_plugin": "mm_good_plugin", entry_point: "an-intruder"}


def test_asking_for_a_name_that_two_plugins_bring_names_both_and_how_to_choose(
    good, place, monkeypatch
):
    place("intruder", GOOD + OTHER, entry_point="aa", distribution="an-intruder")
    with pytest.raises(PluginError) as caught:
        load_plugins().backend("good")
    assert str(caught.value) == (
        "the backend 'good' is brought by an-intruder 1.2.3 and mm_good_plugin 1.2.3, and none of "
        "them is used; switch off all but one: CNNBENCH_DISABLE_PLUGINS=aa or "
        "CNNBENCH_DISABLE_PLUGINS=mm_good_plugin"
    )
    monkeypatch.setenv("CNNBENCH_DISABLE_PLUGINS", "aa")
    assert load_plugins().backend("good").title == "A good backend"
    monkeypatch.setenv("CNNBENCH_DISABLE_PLUGINS", "mm_good_plugin")
    assert load_plugins().backend("good").title == "The same name again"


def test_two_plugins_may_share_the_name_of_their_entry_points(place, monkeypatch):
    place("first_module", PROVIDES_GOOD, entry_point="same", distribution="aa-first")
    place("second_module", GOOD + OTHER, entry_point="same", distribution="bb-second")
    plugins = load_plugins()
    assert not plugins.broken
    assert "other" in plugins.backends
    with pytest.raises(PluginError, match="=aa-first or CNNBENCH_DISABLE_PLUGINS=bb-second"):
        plugins.backend("good")
    monkeypatch.setenv("CNNBENCH_DISABLE_PLUGINS", "bb-second")
    plugins = load_plugins()
    assert [x.distribution for x in plugins.disabled] == ["bb-second"]
    assert plugins.backend("good").title == "A good backend"


def test_a_module_under_two_entry_points_is_used_once(place):
    place("one_module", PROVIDES_GOOD, entry_point="aa")
    place("one_module", PROVIDES_GOOD, entry_point="bb", distribution="other")
    plugins = load_plugins()
    assert broken(plugins, "bb").reason == "it is the same module as the plugin 'aa'"
    assert "good" in plugins.backends


def test_a_newer_minor_version_of_the_interface_is_taken(place):
    place("newer_minor", PROVIDES_GOOD + "\nCNNBENCH_INTERFACE = '1.99'\n")
    assert "good" in load_plugins().backends


def test_functions_beside_a_hook_may_have_names_like_it(place):
    place("helpful", PROVIDES_GOOD + "\ndef cnbench_backends(): ...\ndef sources(): ...\n")
    assert "good" in load_plugins().backends


def test_a_plugin_that_brings_nothing_is_noted_with_its_distribution(place):
    place("nothing_at_all", "", entry_point="nothing", distribution="no-thing")
    place("empty_hook", "@hookimpl\ndef cnnbench_backends(): return []", entry_point="empty")
    notes = [note for note in load_plugins().notes if "brings nothing" in note]
    assert [note.partition(" brings")[0] for note in notes] == [
        "The plugin empty of empty_hook 1.2.3",
        "The plugin nothing of no-thing 1.2.3",
    ]


def test_what_a_plugin_prints_stays_out_of_the_output(place, capfd):
    place(
        "chatty", "print('imported')\n" + PROVIDES_GOOD.replace("return", "print('asked'); return")
    )
    assert "good" in load_plugins().backends
    assert capfd.readouterr() == ("", "imported\nasked\n")


def test_switching_off_what_is_not_there_is_noted_with_the_nearest_name(place, monkeypatch):
    place("some_plugin", PROVIDES_GOOD, entry_point="some", distribution="some-dist")
    monkeypatch.setenv("CNNBENCH_DISABLE_PLUGINS", "sone, xyzzy,")
    assert load_plugins().notes == (
        "CNNBENCH_DISABLE_PLUGINS names 'sone', but there is no such plugin; did you mean 'some'?",
        "CNNBENCH_DISABLE_PLUGINS names 'xyzzy', but there is no such plugin.",
    )


def test_a_switched_off_plugin_is_not_imported(place, monkeypatch):
    place("switched_off", "raise AssertionError('imported')", entry_point="off")
    place("other_plugin", PROVIDES_GOOD)
    monkeypatch.setenv("CNNBENCH_DISABLE_PLUGINS", "nothing, off")
    plugins = load_plugins()
    assert "switched_off" not in sys.modules
    assert [x.entry_point for x in plugins.disabled] == ["off"]
    assert "off" not in [x.origin.entry_point for x in plugins.broken]
    assert "good" in plugins.backends


def test_an_unknown_name_is_answered_with_the_nearest(good):
    with pytest.raises(PluginError, match=r"no backend 'goood'; did you mean 'good'\? found: .*"):
        load_plugins().backend("goood")
    with pytest.raises(PluginError, match=r"no source 'digit'; did you mean 'digits'\?"):
        load_plugins().source("digit")
    with pytest.raises(PluginError, match=r"no installed plugin provides a base"):
        load_plugins().base("vgg16")


def test_an_unknown_name_points_to_plugins_that_might_have_brought_it(place, monkeypatch):
    place("zz_broken", "import a_module_that_is_nowhere")
    place("zz_off", "")
    monkeypatch.setenv("CNNBENCH_DISABLE_PLUGINS", "zz_off")
    with pytest.raises(PluginError) as caught:
        load_plugins().backend("quantum")
    assert "zz_broken (broken)" in str(caught.value)
    assert "zz_off (switched off by CNNBENCH_DISABLE_PLUGINS)" in str(caught.value)


def test_the_origin_of_a_stranger_is_unknown():
    with pytest.raises(KeyError):
        load_plugins().distribution_of(object())


@pytest.mark.parametrize("module", ["cnnbench.plugin", "cnnbench.loading.manager"])
def test_what_an_author_imports_is_light(module):
    heavy = {"pandas", "scipy", "sklearn", "cv2", "PIL", "rich", "typer"}
    heavy |= {"keras", "torch", "tensorflow", "jax"}
    code = f"import {module}, sys; print(sorted({heavy!r} & set(sys.modules)))"
    assert _python(code) == "[]"


def test_loading_plugins_imports_no_framework_and_no_pandas():
    code = (
        "from cnnbench.loading.manager import load_plugins; import sys; load_plugins();"
        "print(sorted({'keras', 'torch', 'tensorflow', 'jax', 'pandas', 'scipy', 'sklearn', 'cv2'}"
        " & set(sys.modules)))"
    )
    assert _python(code) == "[]"


def test_the_help_loads_no_plugins(tmp_path: Path):
    (tmp_path / "poison.py").write_text("raise SystemExit('imported')")
    info = tmp_path / "poison-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: poison\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[cnnbench]\npoison = poison\n")
    code = (
        "import sys; sys.argv = ['cnnbench', '--help']\n"
        "from cnnbench.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'poison', 'pluggy', 'cnnbench.plugin', 'numpy'} & set(sys.modules)))"
    )
    assert _python(code, path=tmp_path).splitlines()[-1] == "[]"


def _python(code: str, path: Path | None = None) -> str:
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout.strip()
