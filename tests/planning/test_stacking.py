"""Which trials are put together, and what is said of the others."""

from __future__ import annotations

import pytest

from cnnbench.execution.inline import InlineExecutor
from cnnbench.planning.stacking import stack_notes, stacked, why_alone
from cnnbench.plugin.backend import Capabilities
from cnnbench.plugin.executor import Executor
from cnnbench.testing import example_trial
from cnnbench.testing.numpy_backend import NumpyBackend
from cnnbench.trials.member import Member


class SingleExecutor(InlineExecutor):
    name = "single"
    stacks = False


class Plain(NumpyBackend):
    capabilities = Capabilities()


def trial(variant, replicate, fold=None):
    example = example_trial()
    return example.model_copy(
        update={
            "id": f"{variant}{replicate}{fold}", "variant": variant, "replicate": replicate,
            "fold": fold,
        }
    )  # fmt: skip


def names(pieces):
    return [[x.id for x in piece] for piece in pieces]


def test_replicates_of_a_variant_are_put_together_in_the_order_of_their_first():
    trials = [trial(name, r) for r in range(5) for name in "ab"]
    assert names(stacked(trials, 2)) == [
        ["a0None", "a1None"], ["b0None", "b1None"], ["a2None", "a3None"], ["b2None", "b3None"],
        ["a4None"], ["b4None"],
    ]  # fmt: skip


def test_each_fold_has_stacks_of_its_own():
    trials = [trial("a", r, fold) for r in range(2) for fold in range(2)]
    assert names(stacked(trials, 8)) == [["a00", "a10"], ["a01", "a11"]]


def test_one_replicate_at_a_time_is_no_stack():
    trials = [trial("a", r) for r in range(3)]
    assert names(stacked(trials, 1)) == [["a0None"], ["a1None"], ["a2None"]]


def test_networks_of_an_ensemble_are_put_together_with_the_same_ones_of_other_replicates():
    trials = [
        trial("a", r).model_copy(update={"id": f"{r}/{n}", "member": Member(number=n)})
        for r in range(2)
        for n in range(2)
    ]
    assert names(stacked(trials, 8)) == [["0/0", "1/0"], ["0/1", "1/1"]]


@pytest.mark.parametrize(
    ("section", "changes", "why"),
    [
        ("evaluation", {"exclusive": True}, "evaluation.exclusive"),
        ("ensemble", {"method": "snapshot"}, "snapshot"),
        ("ensemble", {"method": "boosting"}, "boosting"),
        ("training.schedule", {"kind": "plateau"}, "learning rate"),
        ("data", {"groups": "{group}_*"}, "groups"),
        ("training.averaging", {"kind": "ema"}, "averaged weights"),
    ],
)
def test_what_replicates_do_not_share_keeps_them_alone(section, changes, why):
    example = trial("a", 0)
    configuration = example.configuration
    part, _, inner = section.partition(".")
    changed = getattr(configuration, part)
    if inner:
        nested = getattr(changed, inner).model_copy(update=changes)
        changed = changed.model_copy(update={inner: nested})
    else:
        changed = changed.model_copy(update=changes)
    special = example.model_copy(
        update={"configuration": configuration.model_copy(update={part: changed})}
    )
    assert why in why_alone(special)
    other = special.model_copy(update={"id": "other", "replicate": 1})
    assert len(stacked([special, other], 2)) == 2
    [note] = stack_notes([special, other], 2, NumpyBackend(), InlineExecutor())
    assert note.startswith("--stack 2: trials of a run one by one, as ")
    assert why in note


@pytest.mark.parametrize(
    ("backend", "executor", "said"),
    [
        (Plain(), InlineExecutor(), "as backend numpy can't train replicates as one program"),
        (NumpyBackend(), SingleExecutor(), "as executor single can't hand out several as one"),
    ],
)
def test_it_is_said_what_nobody_can_stack(backend, executor: Executor, said):
    [note] = stack_notes([trial("a", 0)], 5, backend, executor)
    assert note.endswith(said)
    assert not list(stack_notes([trial("a", 0)], 1, backend, executor))


def test_a_base_in_stages_is_trained_alone():
    example = trial("a", 0)
    staged = example.model_copy(update={"stages": example.schedule})
    assert why_alone(staged) == "a base is trained in stages"
    assert not why_alone(example)
