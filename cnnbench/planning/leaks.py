"""Whether a base that the study trains would see images that others are tested on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnbench.data.sources.cache import open_images
from cnnbench.data.splits.duplicates import pixel_digest
from cnnbench.data.splits.selection import select_classes
from cnnbench.errors import Problem, RecipeError
from cnnbench.loading.plugins import Plugins
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.spec import Recipe

SHOWN = 3
"""Rows that a message names."""


def refuse_leaks(recipe: Recipe, plugins: Plugins) -> None:
    """Raise RecipeError where an image of a base is one of a variant that starts from it.

    Whatever their sources and classes are called: it is the pixels that count. Which of a variant's
    images are for tests differs between replicates, so all of its classes' count.
    """
    seen: dict[object, dict[bytes, int]] = {}
    problems: dict[str, Problem] = {}
    for base in recipe.pretrain:
        for variant in recipe.variants:
            if variant.configuration.transfer.own != base.name:
                continue
            its = _digests(base.configuration, plugins, seen)
            mine = _digests(variant.configuration, plugins, seen)
            if shared := [mine[digest] for digest in mine.keys() & its.keys()]:
                problem = base.problem(("data",), _message(variant.name, shared, recipe, base.name))
                problems.setdefault(base.name, problem)
    if problems:
        raise RecipeError([*problems.values()])


def _digests(
    configuration: Configuration, plugins: Plugins, seen: dict[object, dict[bytes, int]]
) -> dict[bytes, int]:
    """A row of each different image of the chosen classes, by what it shows."""
    name, request = configuration.request()
    key = name, request, configuration.data.classes
    if key not in seen:
        cached = open_images(plugins.source(name), request)
        chosen = select_classes(cached, configuration.data.classes)
        rows = np.flatnonzero(chosen.labels >= 0)
        seen[key] = {pixel_digest(chosen.images[row]): int(row) for row in rows}
    return seen[key]


def _message(variant: str, shared: Sequence[int], recipe: Recipe, base: str) -> str:
    (source,) = {x.configuration.data.source for x in recipe.variants if x.name == variant}
    images = "image" if len(shared) == 1 else "images"
    rows = ", ".join(str(row) for row in sorted(shared)[:SHOWN])
    return (
        f"{base} would be trained on {len(shared):,} {images} that variant {variant!r} has too, "
        f"such as {rows} of {source} counted from 0, and may be tested on: take them out of one of "
        "the two, or give the base another source or other classes"
    )
