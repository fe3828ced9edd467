"""What can be tuned of a variant: keys that count there, with values that they can have."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from cnnbench.data.sources.source import Facts
from cnnbench.errors import NetworkError, did_you_mean
from cnnbench.network.bases.offered import OfferedBases
from cnnbench.recipe.blame import Candidate
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.file import fields_of
from cnnbench.recipe.setting import dotted
from cnnbench.recipe.tune import Dimension, shape_complaints, with_values
from cnnbench.recipe.unused import CHOICES

_SECTIONS = ("network", "training", "augmentation")


def tune_complaints(
    candidate: Candidate, facts: Facts, bases: OfferedBases
) -> Iterator[tuple[str, str]]:
    """What stands against the `[tune]` of a variant: the key to blame and why.

    bases: those that `[transfer]` may name.
    """
    configuration = candidate.configuration
    wrong = list(shape_complaints(configuration))
    yield from wrong
    if wrong or not configuration.tune.active:
        return
    known = [dotted(key) for key, _ in fields_of(Configuration) if key[0] in _SECTIONS]
    for each in configuration.tune.space:
        if each.key not in known:
            hint = did_you_mean(each.key, known)
            yield "space", f"{each.key} is no key of network, training or augmentation{hint}"
            continue
        yield from (("space", message) for message in _unused(candidate, each))
        yield from (
            ("space", message) for message in _impossible(configuration, each, facts, bases)
        )


def _unused(candidate: Candidate, each: Dimension) -> Iterator[str]:
    key = tuple(each.key.split("."))
    for choice in CHOICES:
        if choice.concerns(key) and not choice.is_used(candidate, key):
            yield f"{each.key} {choice.complaint(candidate, key)}"


def _impossible(
    configuration: Configuration, each: Dimension, facts: Facts, bases: OfferedBases
) -> Iterator[str]:
    for value in each.ends:
        try:
            changed = with_values(configuration, {each.key: value})
            changed.network_for(facts.shape, facts.classes, bases)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            yield f"{each.key} = {value}: {reason[0].lower()}{reason[1:]}"
            return
        except NetworkError as error:
            if not error.key:
                continue  # said of the variant itself
            yield f"{each.key} = {value}: {error}"
            return
