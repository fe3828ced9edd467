"""Names that two plugins bring."""

from __future__ import annotations

import pytest

from cnnbench.errors import PluginError
from cnnbench.loading.manager import load_plugins

from .conftest import GOOD, PROVIDES_GOOD

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
