from __future__ import annotations

import pytest

from cnnbench.comparison.inference.schedule import LookSchedule, looks_to
from cnnbench.comparison.inference.settle import EndedPairs, settled
from cnnbench.comparison.inference.verdicts import Conclusion, margin_of_fractions
from cnnbench.comparison.metrics import METRICS
from cnnbench.errors import ComparisonError

CLEAR = [0.05, 0.052, 0.048, 0.051, 0.049, 0.05, 0.052, 0.048]
NOISE = [0.05, -0.04, 0.03, -0.02, 0.01, -0.05, 0.04, -0.01]


def pairs(values, **fields):
    return EndedPairs(dict(enumerate(values)), **fields)


def take(study, most=30, **fields):
    given = {"schedule": looks_to(most), "metric": METRICS["accuracy"]} | fields
    return settled(study, **given)


def test_what_is_settled_leaves_and_the_rest_goes_on():
    found = take({"clear": pairs(CLEAR[:5]), "noise": pairs(NOISE[:5])})
    clear, noise = found.standings["clear"], found.standings["noise"]
    assert (clear.judgement.verdict.words, clear.goes_on, clear.early) == ("better", False, True)
    assert (noise.judgement.verdict.words, noise.goes_on, noise.early) == ("open", True, False)
    assert clear.reason == "better: settled after 5 replicates"
    assert noise.reason == "open after 5 replicates; 5 of 8 ended for the next look"
    assert found.next_look == 8


def test_what_left_needs_no_more_and_keeps_its_verdict():
    found = take({"clear": pairs(CLEAR[:5]), "noise": pairs(NOISE)})
    assert found.standings["clear"].look == 5
    assert found.standings["noise"].look == 8
    assert found.next_look == 12


def test_replicates_beyond_the_look_at_which_a_variant_left_change_nothing():
    short = take({"clear": pairs(CLEAR[:5]), "noise": pairs(NOISE)})
    long = take({"clear": pairs([*CLEAR[:5], -1.0, -1.0, -1.0]), "noise": pairs(NOISE)})
    assert short == long


def test_a_look_waits_until_all_pairs_of_all_open_variants_have_ended():
    found = take({"one": pairs(NOISE), "other": pairs(NOISE[:7])})
    assert {x.look for x in found.standings.values()} == {5}
    assert found.next_look == 8


def test_pairs_count_in_their_order_however_they_end():
    late = {replicate: value for replicate, value in enumerate(CLEAR) if replicate != 2}
    found = take({"clear": EndedPairs(late)})
    assert found.standings["clear"].look == 0
    assert found.next_look == 5


def test_a_failed_pair_is_waited_for_and_named():
    found = take({"it": pairs([*CLEAR[:3], None, *CLEAR[4:]])})
    standing = found.standings["it"]
    assert (standing.look, standing.held, standing.wants, standing.early) == (0, True, 5, False)
    assert standing.reason == "the look at 5 waits for replicate 4, which failed"
    assert found.next_look is None


def test_several_failed_pairs_are_named_in_the_plural():
    standing = take({"it": pairs([None, *CLEAR[1:3], None, *CLEAR[4:]])}).standings["it"]
    assert standing.reason == "the look at 5 waits for replicates 1, 4, which failed"


def test_the_others_go_on_without_a_variant_whose_pair_failed():
    found = take({"broken": pairs([*NOISE[:5], None, *NOISE[6:]]), "noise": pairs(NOISE)})
    assert found.standings["broken"].look == 5
    assert found.standings["broken"].wants == 8
    assert found.standings["noise"].look == 8
    assert found.next_look == 12


def test_a_pair_that_failed_holds_nobody_before_the_others_have_theirs():
    found = take({"broken": pairs([*NOISE[:3], None]), "noise": pairs(NOISE[:4])})
    assert found.next_look == 5
    assert not any(x.held for x in found.standings.values())


def test_looks_are_taken_anew_with_a_pair_that_was_mended():
    mended = {"broken": pairs(NOISE[:5]), "clear": pairs(CLEAR)}
    assert take(mended) == take({"broken": pairs(NOISE[:5]), "clear": pairs(CLEAR[:5])})


@pytest.mark.parametrize("anytime", [False, True])
def test_a_schedule_without_looks_settles_nothing(anytime):
    with pytest.raises(ComparisonError, match="take looks that were planned"):
        take({"it": pairs(CLEAR)}, schedule=LookSchedule(anytime=anytime))


def test_a_variant_that_diverges_leaves():
    risky = EndedPairs({0: 0.6, 1: 0.5, 3: 0.6, 4: 0.5}, diverged=frozenset({2}))
    found = take({"risky": risky})
    assert found.standings["risky"].judgement.verdict.words == "diverges 1/5"
    assert not found.standings["risky"].goes_on
    assert found.next_look is None


def test_what_is_open_after_the_most_stays_open():
    found = take({"noise": pairs(NOISE)}, most=8)
    standing = found.standings["noise"]
    assert (standing.goes_on, standing.early) == (False, False)
    assert standing.reason == "open after 8 replicates, the most allowed"
    assert found.next_look is None


def test_what_is_settled_at_the_last_look_was_not_stopped_early():
    standing = take({"clear": pairs(CLEAR[:5])}, most=5).standings["clear"]
    assert standing.judgement.verdict.outcome is Conclusion.BETTER
    assert not standing.early


def test_the_same_within_the_margin_is_settled_too():
    close = [0.001, -0.001, 0.0, 0.001, -0.001]
    found = take({"close": pairs(close)}, margin=margin_of_fractions(0.01))
    assert found.standings["close"].reason == "same within 1 point: settled after 5 replicates"


def test_a_study_of_another_most_goes_on_with_what_holds_at_any_time():
    given = looks_to(8).extended_to(30)
    found = take({"clear": pairs(CLEAR), "noise": pairs(NOISE)}, schedule=given)
    assert found.standings["clear"].look == 8
    assert found.standings["clear"].judgement.verdict.outcome is Conclusion.BETTER
    assert found.next_look == 30


def test_a_study_that_has_not_begun_waits_for_its_first_look():
    assert take({"it": EndedPairs({})}).next_look == 5


@pytest.mark.parametrize("metric", ["training", "peak_memory", "images_per_second"])
def test_no_study_is_stopped_by_what_it_costs(metric):
    with pytest.raises(ComparisonError, match="can't be stopped by"):
        take({"it": pairs(CLEAR)}, metric=METRICS[metric])
