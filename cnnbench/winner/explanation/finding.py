"""From what is typed to a trained network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cnnbench.errors import refuse_options
from cnnbench.loading.plugins import Plugins
from cnnbench.network.bases import PREFIX
from cnnbench.winner.ensemble import read_taken, refuse_ensemble
from cnnbench.winner.explanation.published import published_subject
from cnnbench.winner.explanation.recorded import recorded_subject
from cnnbench.winner.explanation.subject import Subject
from cnnbench.winner.folder import MODEL


@dataclass(frozen=True, slots=True)
class SubjectAsked:
    """trained: a winner's folder, results, a file of arrays in them, or "base:NAME".

    variant, replicate (from 1), data: of results. weights, scaling, image_size: of a base.
    """

    trained: str
    variant: str | None = None
    replicate: int | None = None
    data: str | None = None
    weights: str | None = None
    scaling: str | None = None
    image_size: str | None = None


def find_subject(asked: SubjectAsked, plugins: Plugins) -> Subject:
    """The network that is asked for. Raises CnnbenchError where there is none."""
    of_base = {
        "--weights": asked.weights,
        "--scaling": asked.scaling,
        "--image-size": asked.image_size,
    }
    of_results = {"--variant": asked.variant, "--replicate": asked.replicate, "--data": asked.data}
    if asked.trained.startswith(PREFIX):
        refuse_options(of_results, "the results of a recipe")
        name = asked.trained.removeprefix(PREFIX)
        return published_subject(name, asked.weights or "imagenet", asked.scaling, asked.image_size)
    refuse_options(of_base, f"a published network, as {PREFIX}vgg16")
    path = Path(asked.trained)
    if (path / MODEL).is_file():
        refuse_options(of_results, "the results of a recipe")
        return Subject.of_winner(refuse_ensemble(read_taken(path), "explained"))
    return recorded_subject(
        path,
        plugins,
        variant=asked.variant,
        replicate=None if asked.replicate is None else asked.replicate - 1,
        data=asked.data,
    )
