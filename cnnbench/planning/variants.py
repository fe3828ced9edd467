"""Which variants of a recipe a request means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cnnbench.errors import OptionsError, did_you_mean
from cnnbench.planning.backends import split_names
from cnnbench.recipe.spec import Recipe


def variants_meant(recipe: Recipe, typed: Sequence[str], path: Path) -> tuple[str, ...]:
    """The names of the variants that are asked for, each once, in order.

    typed: names, also several with commas between them; a name that has commas itself is taken
    whole. path: what the recipe is called in a message. Raises OptionsError for a name that the
    recipe does not have.
    """
    known = [variant.name for variant in recipe.variants]
    parts = [
        part
        for text in typed
        for part in ([text] if text in known else split_names([text]) or [text])
    ]
    for name in parts:
        if name not in known:
            hint = did_you_mean(name, known, "variants")
            raise OptionsError(f"--variant {name}: {path} has no such variant{hint}")
    return tuple(dict.fromkeys(parts))
