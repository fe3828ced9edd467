"""The folder of a winner that is an ensemble: a folder for each network, and how they answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cnnbench.errors import ResultsError
from cnnbench.results.files import read_regular
from cnnbench.training.committee import Regression
from cnnbench.winner.folder import (
    MODEL,
    Winner,
    damaged,
    digest_of,
    read_file,
    read_named,
    read_winner,
    refuse_newer,
)
from cnnbench.winner.rule import AnswerRule, RuleName, regression_bytes, regression_from

FORMAT = 2
"""The version of what such a folder holds; that of a single network is older."""
NETWORKS, REGRESSION = "networks", "regression.safetensors"


class EnsembleModel(BaseModel):
    """model.json of an ensemble: how the networks in networks/1, networks/2, ... answer together.

    method: as in a recipe. classes: in the order of the probabilities. backend: what trained it.
    rule, votes: as of `AnswerRule`. regression: SHA-256 of the file of its arrays, "" without one.
    networks: of each network, the SHA-256 of its model.json.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: int = FORMAT
    method: str
    classes: Annotated[tuple[str, ...], Field(min_length=2)]
    backend: str
    rule: RuleName
    votes: tuple[float, ...] = ()
    regression: str = ""
    networks: Annotated[tuple[str, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class WinnerEnsemble:
    """Trained networks that answer together. folder: where they were read from.

    networks: each a network, or an ensemble itself.
    """

    folder: Path
    description: EnsembleModel
    networks: tuple[Winner | WinnerEnsemble, ...]
    rule: AnswerRule

    @property
    def leaves(self) -> tuple[Winner, ...]:
        """Every single network."""
        return tuple(leaf for each in self.networks for leaf in leaves_of(each))


Taken = Winner | WinnerEnsemble
"""What was taken home."""


def leaves_of(taken: Taken) -> tuple[Winner, ...]:
    """Every single network of it."""
    return (taken,) if isinstance(taken, Winner) else taken.leaves


def refuse_ensemble(taken: Taken, what: str) -> Winner:
    """The single network that it is. what: can be done with one. Raises ResultsError."""
    if isinstance(taken, Winner):
        return taken
    raise ResultsError(
        f"{taken.folder} is an ensemble of {len(taken.leaves)} networks, and only one can be "
        f"{what}: name it, such as {taken.leaves[0].folder}"
    )


def ensemble_files(
    method: str,
    classes: Sequence[str],
    backend: str,
    rule: AnswerRule,
    networks: Sequence[Mapping[str, bytes]],
) -> dict[str, bytes]:
    """The files of an ensemble by name. networks: those of each."""
    regression = regression_bytes(rule.regression) if rule.regression else None
    model = EnsembleModel(
        method=method,
        classes=tuple(classes),
        backend=backend,
        rule=rule.name,
        votes=rule.votes,
        regression=digest_of(regression) if regression else "",
        networks=tuple(digest_of(files[MODEL]) for files in networks),
    )
    return {
        **{
            f"{NETWORKS}/{number}/{name}": content
            for number, files in enumerate(networks, 1)
            for name, content in files.items()
        },
        **({REGRESSION: regression} if regression else {}),
        MODEL: model.model_dump_json(indent=1).encode() + b"\n",
    }


def read_taken(folder: Path) -> Taken:
    """What `cnnbench pick` saved; nothing in its folder is run or unpickled.

    Raises ResultsError where it is none, or its files don't belong together.
    """
    path = folder / MODEL
    try:
        content = read_regular(path)
        found = json.loads(content)
    except (OSError, ValueError):
        return read_winner(folder)  # which says what is wrong
    if not isinstance(found, dict) or NETWORKS not in found:
        return read_winner(folder)
    try:
        description = EnsembleModel.model_validate_json(content)
    except ValidationError as error:
        raise damaged(path, error) from None
    refuse_newer(path, description.format, FORMAT)
    networks = tuple(_network(folder, description))
    rule = AnswerRule(description.rule, description.votes, _regression(folder, description))
    classes = description.classes
    wrong = rule.lacking(len(networks), len(classes))
    leaves = [leaf.description for network in networks for leaf in leaves_of(network)]
    if any(network.description.classes != classes for network in networks):
        wrong = "its networks tell other classes apart"
    elif len({(x.preprocessing.shape, x.preprocessing.white) for x in leaves}) > 1:
        wrong = "its networks take different images"
    if wrong:
        raise ResultsError(f"{path} is damaged, or was put together: {wrong}")
    return WinnerEnsemble(folder, description, networks, rule)


def _network(folder: Path, description: EnsembleModel) -> Iterator[Taken]:
    for number, digest in enumerate(description.networks, 1):
        place = folder / NETWORKS / str(number)
        network = read_taken(place)
        if digest_of(read_file(place / MODEL)) != digest:
            raise ResultsError(f"{place} is not the network that {folder / MODEL} was saved with")
        yield network


def _regression(folder: Path, description: EnsembleModel) -> Regression | None:
    if description.rule != "regression":
        return None
    path = folder / REGRESSION
    content = read_named(path, description.regression)
    try:
        return regression_from(content)
    except ValueError as error:
        raise ResultsError(f"{path} can't be used: {error}") from error
