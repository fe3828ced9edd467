from __future__ import annotations

import gc

import pytest

from cnnbench.processes import made_for_good


@pytest.fixture
def collecting():
    """Leave the collector as it was, and let what is there be collected again."""
    before = gc.isenabled()
    yield
    gc.unfreeze()
    (gc.enable if before else gc.disable)()


@pytest.mark.parametrize("before", [True, False])
def test_the_collector_rests_while_something_is_made_for_good_and_then_is_as_before(
    collecting, before
):
    (gc.enable if before else gc.disable)()
    with made_for_good():
        assert not gc.isenabled()
    assert gc.isenabled() is before


def test_what_was_made_for_good_is_not_walked_again(collecting):
    with made_for_good():
        made = [[]]
    assert gc.get_freeze_count() > 0
    assert not any(thing is made for thing in gc.get_objects())


def test_what_could_not_be_made_is_collected_as_ever(collecting):
    gc.enable()
    gc.unfreeze()
    with pytest.raises(ValueError, match="no"), made_for_good():
        raise ValueError("no")
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
