"""The trials that a chosen variant consists of, with what is recorded of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnnbench.errors import ResultsError
from cnnbench.recipe.configuration import Configuration
from cnnbench.results.record import Record
from cnnbench.trials.combination import Combination
from cnnbench.trials.expand import Expansion
from cnnbench.trials.trial import Trial
from cnnbench.winner.choice import VariantChoice, configuration_of


@dataclass(frozen=True, slots=True)
class TrialWithRecords:
    """A trial of the first recorded replicate, and the records of its like in all of them."""

    trial: Trial
    records: tuple[Record, ...]


def variants_of(choice: VariantChoice) -> dict[str, Configuration]:
    """The variants that are needed to plan the chosen one, itself last: those in ensemble.of too.

    Raises ResultsError where a record of one is gone.
    """
    first = choice.records[0]
    configuration = configuration_of(first)
    found: dict[str, Configuration] = {}
    if (ensemble := first.ensemble) and ensemble.trials:
        recorded = _by_id(choice)
        for name, trial in zip(configuration.ensemble.of, ensemble.trials, strict=False):
            found[name] = configuration_of(_there(recorded, trial, choice))
    return {**found, choice.variant: configuration}


def parts_of(
    choice: VariantChoice, expansion: Expansion
) -> tuple[list[TrialWithRecords], list[list[TrialWithRecords]]]:
    """What is to be trained once more, and of stacking the trials that predict training images.

    expansion: of the variants that `variants_of` gives. Raises ResultsError where records are gone,
    or their trials are not those of today.
    """
    if not expansion.combinations:
        own = {x.replicate: x for x in expansion.trials if not x.is_base}
        return [TrialWithRecords(own[choice.records[0].replicate], choice.records)], []
    recorded = _by_id(choice)
    combinations = {x.replicate: x for x in expansion.combinations if x.variant == choice.variant}
    alike = [_planned_again(combinations, record, choice) for record in choice.records]

    def part(trials: Sequence[Trial]) -> TrialWithRecords:
        return TrialWithRecords(trials[0], tuple(_there(recorded, x.id, choice) for x in trials))

    members = [part(trials) for trials in zip(*(x.members for x in alike), strict=True)]
    held_out = [
        [part(trials) for trials in zip(*parts, strict=True)]
        for parts in zip(*(x.held_out for x in alike), strict=True)
    ]
    return members, held_out


def _planned_again(
    combinations: Mapping[int, Combination], record: Record, choice: VariantChoice
) -> Combination:
    found = combinations[record.replicate]
    if found.id != record.trial:
        raise ResultsError(
            f"{choice.variant} in {choice.study.place} can't be planned again as it was recorded: "
            "run the recipe again"
        )
    return found


def _by_id(choice: VariantChoice) -> dict[str, Record]:
    return {record.trial: record for record in choice.study.records}


def _there(recorded: Mapping[str, Record], trial: str, choice: VariantChoice) -> Record:
    if trial not in recorded:
        raise ResultsError(
            f"{choice.study.place} has no record of trial {trial}, which {choice.variant} is made "
            "of: run the recipe again"
        )
    return recorded[trial]
