"""A published network with arrays that others trained."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cnnbench.data.passes.scaling import InputScaling
from cnnbench.errors import NetworkError, OptionsError, PretrainedError
from cnnbench.network.bases import BASES
from cnnbench.network.network import Network, Weights
from cnnbench.network.weights import initial_weights
from cnnbench.pretrained.convention import as_trained
from cnnbench.pretrained.find import find_arrays
from cnnbench.pretrained.found import FoundArrays
from cnnbench.pretrained.read import read_arrays
from cnnbench.report.bases import base_size, refuse_unknown_base
from cnnbench.winner.explanation.subject import Subject
from cnnbench.winner.preprocessing import Preprocessing, Standard

CLASSES = 1000
"""Of ImageNet, by number: their names come with no file of arrays."""


def published_subject(
    name: str, weights: str, scaling: str | None, image_size: str | None
) -> Subject:
    """A base, with its classifier where the arrays have one.

    weights: "imagenet", "random" or the path of a file. image_size: "224" or "224x160", by default
    what it was published with. Raises OptionsError and PretrainedError.
    """
    refuse_unknown_base(name, BASES)
    height, width = base_size(name, image_size)
    found = find_arrays(name, weights, scaling, folder=Path())
    try:
        network, arrays = _with_arrays(name, found, (height, width, 3))
    except NetworkError as error:
        raise OptionsError(
            f"images of {height}x{width} don't suit base:{name} ({error}): give another "
            "--image-size"
        ) from None
    return Subject(
        f"{name}, {found.origin}",
        network,
        arrays,
        tuple(f"class {number}" for number in range(network.classes)),
        Preprocessing(height=height, width=width, color="rgb", scaling=_numbers(found.scaling)),
    )


def _with_arrays(
    name: str, found: FoundArrays, shape: tuple[int, int, int]
) -> tuple[Network, Weights]:
    """With the classifier if the file has its arrays."""
    whole = as_trained(BASES[name](shape, top=True, classes=CLASSES), found)
    if found.path is None:
        return whole, initial_weights(whole, 0)
    with suppress(PretrainedError):
        return whole, read_arrays(found, whole)
    base = as_trained(BASES[name](shape), found)
    return base, read_arrays(found, base)


def _numbers(scaling: InputScaling) -> Standard:
    return Standard(mean=scaling.mean, deviation=scaling.deviation, order=scaling.order)
