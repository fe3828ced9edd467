"""Verdicts on courses written by hand."""

from __future__ import annotations

import numpy as np

from cnnbench.comparison.parity import Measure, Verdict, compare_probes
from cnnbench.results.probe import Course, Probe

LABELS = np.zeros(100, np.int32)
START = np.full((100, 2), 0.5, np.float32)


def course(*, right=90, epoch=0.5, losses=(1.0, 0.5)):
    """A course after which so many of 100 images are right, all of probability 0.75."""
    final = np.where(np.arange(100)[:, None] < right, [0.75, 0.25], [0.25, 0.75])
    after = np.tile([epoch, 1 - epoch], (100, 1))
    return Course(START, np.array(losses), after.astype(np.float32), final.astype(np.float32))


def probe(ran, *nudged, branching=False, precision="float32"):
    return Probe("plain", 0, "backend", precision, branching, ran, nudged, LABELS)


def verdict(other, *nudged, **options):
    reference = probe(course(), *(nudged or [course()]), **options)
    return compare_probes(reference, probe(other, **options))


def test_equal_courses_agree():
    assert verdict(course()).verdict is Verdict.AGREE


def test_ten_times_the_largest_change_of_a_nudge_is_allowed_and_no_more():
    nudged = course(epoch=0.5001), course(epoch=0.501)
    assert verdict(course(epoch=0.5099), *nudged).verdict is Verdict.AGREE
    found = verdict(course(epoch=0.511), *nudged)
    assert found.verdict is Verdict.DIFFER
    assert found.reason.startswith("after the first epoch a probability differs by 0.01")


def test_what_a_nudge_changes_at_a_step_is_allowed_at_the_later_ones():
    nudged = course(losses=(1.001, 0.5))
    assert verdict(course(losses=(1.0, 0.5099)), nudged).verdict is Verdict.AGREE
    assert verdict(course(losses=(1.0, 0.5101)), nudged).verdict is Verdict.DIFFER
    assert verdict(course(losses=(1.0, float("nan"))), nudged).verdict is Verdict.DIFFER


def test_the_end_may_be_a_tenth_apart_by_chance():
    # Each image that is decided differently has its probabilities 0.5 apart.
    assert verdict(course(right=70)).verdict is Verdict.AGREE
    found = verdict(course(right=69))
    assert found.verdict is Verdict.DIFFER
    assert found.reason.startswith("after training the distance of the probabilities is 0.105")


def test_where_backends_may_branch_the_end_is_judged_by_its_accuracy():
    # 25 images that only one has right are 5 standard errors: sqrt(25).
    agreed = verdict(course(right=65), branching=True)
    assert agreed.verdict is Verdict.AGREE
    assert [found.allowed for found in agreed.of(Measure.FINAL)] == [None]
    found = verdict(course(right=64), branching=True)
    assert found.verdict is Verdict.DIFFER
    assert found.reason.startswith("after training the accuracy differs by 0.26")
    # Three times what other dropout masks change: 3 * 10 images, and no more.
    assert verdict(course(right=61), course(right=80), branching=True).verdict is Verdict.AGREE
    assert verdict(course(right=59), course(right=80), branching=True).verdict is Verdict.DIFFER


def test_bfloat16_allows_what_rounding_to_it_changes():
    apart = course(losses=(1.0, 0.501))
    assert verdict(apart, precision="bfloat16").verdict is Verdict.AGREE
    assert "bfloat16 arithmetic" in verdict(apart, precision="bfloat16").reason
    assert verdict(apart).verdict is Verdict.DIFFER
