"""What plugins bring is found, named and switched off."""

from __future__ import annotations

import sys

import pytest

from cnnbench.data.sources.source import DataSource
from cnnbench.errors import PluginError
from cnnbench.loading.manager import load_plugins
from cnnbench.plugin.backend import Backend

from .conftest import BASE, GOOD, PROVIDES_GOOD, broken


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
        + BASE
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
