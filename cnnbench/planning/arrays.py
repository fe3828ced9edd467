"""The arrays that the bases of a recipe start from, found before anything trains."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cnnbench.errors import PretrainedError, Problem, RecipeError
from cnnbench.pretrained.find import find_arrays, published_scaling
from cnnbench.pretrained.found import FoundArrays
from cnnbench.recipe.spec import Recipe, Variant
from cnnbench.recipe.transfer import TransferSpec


def arrays_of(recipe: Recipe) -> Mapping[str, FoundArrays]:
    """Those of each variant with a base, by the variant's name.

    Published ones that are not on this machine are downloaded. Raises RecipeError with what stands
    against each.
    """
    found: dict[str, FoundArrays] = {}
    problems: dict[Problem, None] = {}
    for variant in recipe.variants:
        spec = variant.configuration.transfer
        if not spec.active:
            continue
        try:
            found[variant.name] = _find(spec, variant)
        except PretrainedError as error:
            problems[variant.problem(("transfer", error.key or "weights"), str(error))] = None
    if problems:
        raise RecipeError(list(problems))
    return found


def _find(spec: TransferSpec, variant: Variant) -> FoundArrays:
    if spec.pretrained:
        setting = variant.settings.get(("transfer", "weights"))
        folder = setting.folder if setting else Path()
        return find_arrays(
            spec.base, spec.weights, spec.scaling, folder=folder, padding=spec.padding
        )
    # From scratch images are scaled as for the published arrays, so that nothing else differs.
    scaling = spec.scaling or published_scaling(spec.base)
    return find_arrays(spec.base, "random", scaling, folder=Path(), padding=spec.padding)
