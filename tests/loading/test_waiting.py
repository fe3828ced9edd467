"""A plugin that does not come to an end is named, with how to do without it."""

import pytest

from cnnbench.loading import manager
from cnnbench.loading.manager import load_plugins

WAITS = """
import pathlib, time

def wait():
    until = time.monotonic() + 300
    while not pathlib.Path({file!r}).exists():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)
"""
AT_IMPORT = "wait()\n"
IN_A_HOOK = """
@hookimpl
def cnnbench_backends():
    wait()
    return []
"""


@pytest.mark.parametrize("where", [AT_IMPORT, IN_A_HOOK])
def test_a_plugin_that_takes_long_is_named_while_it_is_waited_for(
    place, tmp_path, monkeypatch, where
):
    told = []

    def hear(text):
        told.append(text)
        if "slow_plugin" in text:  # else another was slow, as on a busy machine
            (tmp_path / "go on").touch()

    monkeypatch.setattr(manager, "SLOW", 0.05)
    place("slow_plugin", WAITS.format(file=str(tmp_path / "go on")) + where, entry_point="slow")
    load_plugins(on_wait=hear)
    assert (
        "waiting for the plugin slow of slow_plugin 1.2.3, which is being loaded; "
        "CNNBENCH_DISABLE_PLUGINS=slow runs without it"
    ) in told


def test_a_plugin_in_which_the_program_is_interrupted_is_named(place):
    place("stopping_plugin", "raise KeyboardInterrupt", entry_point="stopping")
    with pytest.raises(KeyboardInterrupt) as caught:
        load_plugins()
    (note,) = caught.value.__notes__
    assert note == (
        "interrupted in the plugin stopping of stopping_plugin 1.2.3, which is being loaded; "
        "CNNBENCH_DISABLE_PLUGINS=stopping runs without it"
    )


@pytest.mark.parametrize("many", ["itertools.count()", "[None] * 20_000"])
def test_names_without_an_end_refuse_the_plugin(place, many):
    hook = f"import itertools\n\n@hookimpl\ndef cnnbench_backends():\n    return {many}\n"
    place("endless_plugin", hook, entry_point="endless")
    (broken,) = [x for x in load_plugins().broken if x.origin.entry_point == "endless"]
    assert broken.reason == "its hook 'cnnbench_backends' returned more than 1,000 backends"
