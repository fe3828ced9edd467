"""Verdicts on courses written by hand."""

from __future__ import annotations

import numpy as np

from cnnbench.parity.deviation import Criterion
from cnnbench.parity.judgement import ParityVerdict, compare_probes
from cnnbench.parity.probe import Probe, Trajectory

LABELS = np.zeros(100, np.int32)
START = np.full((100, 2), 0.5, np.float32)


def course(*, right=90, epoch=0.5, losses=(1.0, 0.5), passes=(1.0, 0.5, 0.1), masked=()):
    """A course after which so many of 100 images are right, all of probability 0.75."""
    final = np.where(np.arange(100)[:, None] < right, [0.75, 0.25], [0.25, 0.75])
    after = np.tile([epoch, 1 - epoch], (100, 1))
    return Trajectory(
        initial=START,
        losses=np.array(losses),
        epoch=after.astype(np.float32),
        passes=np.array(passes),
        masked=np.array(masked),
        final=final.astype(np.float32),
    )


def probe(ran, *nudged, branching=False, precision="float32"):
    return Probe("plain", 0, "backend", precision, branching, ran, nudged, LABELS)


def verdict(other, *nudged, **options):
    reference = probe(course(), *(nudged or [course()]), **options)
    return compare_probes(reference, probe(other, **options))


def test_equal_courses_agree():
    assert verdict(course()).verdict is ParityVerdict.AGREE


def test_ten_times_the_largest_change_of_a_nudge_is_allowed_and_no_more():
    nudged = course(epoch=0.5001), course(epoch=0.501)
    assert verdict(course(epoch=0.5099), *nudged).verdict is ParityVerdict.AGREE
    found = verdict(course(epoch=0.511), *nudged)
    assert found.verdict is ParityVerdict.DIFFER
    assert found.reason.startswith("after the first epoch a probability differs by 0.01")


def test_what_a_nudge_changes_at_a_step_is_allowed_at_the_later_ones():
    nudged = course(losses=(1.001, 0.5))
    assert verdict(course(losses=(1.0, 0.5099)), nudged).verdict is ParityVerdict.AGREE
    assert verdict(course(losses=(1.0, 0.5101)), nudged).verdict is ParityVerdict.DIFFER
    assert verdict(course(losses=(1.0, float("nan"))), nudged).verdict is ParityVerdict.DIFFER


def test_the_end_may_be_a_tenth_apart_by_chance():
    # Each image that is decided differently has its probabilities 0.5 apart.
    for right, explained in ((71, True), (69, False)):
        (found,) = verdict(course(right=right)).of(Criterion.FINAL)
        assert found.allowed == 0.1
        assert found.explained is explained
    reason = verdict(course(right=69)).reason
    assert reason.startswith("after training the distance of the probabilities is 0.105")


def test_where_backends_may_branch_the_end_is_judged_by_its_accuracy():
    # 16 images that only one has right are 4 standard errors: sqrt(16).
    agreed = verdict(course(right=75), branching=True)
    assert agreed.verdict is ParityVerdict.AGREE
    assert [found.allowed for found in agreed.of(Criterion.FINAL)] == [None]
    found = verdict(course(right=73), branching=True)
    assert found.verdict is ParityVerdict.DIFFER
    assert found.reason.startswith("after training the accuracy differs by 0.17")
    # Three times what other dropout masks change: 3 * 10 images, and no more.
    assert (
        verdict(course(right=61), course(right=80), branching=True).verdict != ParityVerdict.DIFFER
    )
    assert (
        verdict(course(right=59), course(right=80), branching=True).verdict is ParityVerdict.DIFFER
    )


def test_whole_epochs_are_judged_as_long_as_rounding_moves_their_loss_by_less_than_2_percent():
    nudged = course(passes=(1.0, 0.5005, 0.1003))
    found = verdict(course(passes=(1.0, 0.504, 0.2)), nudged)
    assert found.verdict is ParityVerdict.AGREE
    assert [x.step for x in found.of(Criterion.PASS)] == [1, 2]
    found = verdict(course(passes=(1.0, 0.506, 0.1)), nudged)
    assert found.verdict is ParityVerdict.DIFFER
    assert found.reason.startswith("the loss of epoch 2 differs by 0.006")
    late = verdict(course(passes=(1.0, 0.5, 0.101)))
    assert late.reason.startswith("the loss of epoch 3 differs by 0.001")


def test_no_epoch_but_the_first_to_judge_tells_nothing():
    found = verdict(course(), course(passes=(1.0, 0.502, 0.1)))
    assert found.verdict is ParityVerdict.CANT_TELL
    assert found.reason.startswith("rounding explains over 2% of the loss of epoch 2; up to ")
    one = course(passes=(1.0,))
    assert compare_probes(probe(one, one), probe(one)).verdict is ParityVerdict.AGREE


def test_early_stopping_may_end_one_of_them_earlier():
    assert verdict(course(passes=(1.0, 0.5)), branching=True).verdict is ParityVerdict.AGREE


def test_a_reference_that_scatters_too_much_tells_nothing():
    # 16 images that go over move the probabilities by 0.08: MARGIN times that is allowed.
    far = verdict(course(), course(right=87))
    assert far.verdict is ParityVerdict.CANT_TELL
    assert "after training rounding explains a distance of 0.15" not in far.reason
    assert "backend's own accuracies spread over 3.0 points" in far.reason
    farther = verdict(course(), course(right=85))
    assert farther.reason.startswith("after training rounding explains a distance of 0.25; ")


def test_an_agreement_says_what_would_have_passed():
    # 16 of 100 images, or three times what a nudge changes.
    assert verdict(course()).reason.endswith("up to 16.0 points of accuracy would have passed")
    wider = verdict(course(), course(right=82)).reason
    assert wider.endswith("up to 24.0 points of accuracy would have passed")


def test_losses_with_dropout_may_lie_among_those_of_other_masks():
    nudged = [course(masked=(loss, loss)) for loss in (1.01, 0.99, 1.01, 0.99, 1.01, 0.99, 1.0)]
    reference = probe(course(masked=(1.0, 1.0)), *nudged, branching=True)
    # Student's t of 7 degrees at .1 % is 5.41, the standard deviation .0093: up to .053 is allowed.
    near, off = (probe(course(masked=(x, x)), branching=True) for x in (1.05, 0.94))
    assert compare_probes(reference, near).verdict is ParityVerdict.AGREE
    found = compare_probes(reference, off)
    assert found.verdict is ParityVerdict.DIFFER
    start = "with dropout the mean loss of the first epochs differs by 0.06, of which other masks"
    assert found.reason.startswith(start)


def test_bfloat16_allows_what_rounding_to_it_changes():
    apart = course(losses=(1.0, 0.501))
    assert verdict(apart, precision="bfloat16").verdict is ParityVerdict.AGREE
    assert "bfloat16 arithmetic" in verdict(apart, precision="bfloat16").reason
    assert verdict(apart).verdict is ParityVerdict.DIFFER
