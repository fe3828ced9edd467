"""The arrays that the bases of a recipe start from, found before anything trains."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from cnnbench.errors import PretrainedError, Problem, RecipeError
from cnnbench.loading.plugins import Plugins
from cnnbench.planning.plugin_bases import brought_by, find_of_plugin
from cnnbench.pretrained.find import find_arrays, published_scaling
from cnnbench.pretrained.found import FoundArrays
from cnnbench.recipe.setting import dotted
from cnnbench.recipe.spec import Recipe, Variant
from cnnbench.recipe.transfer import RANDOM, TransferSpec

SHOWN = 3
"""Variants in a message."""


def arrays_of(
    recipe: Recipe, plugins: Plugins, chosen: Collection[str] | None = None
) -> Mapping[str, FoundArrays]:
    """Those of each variant on a base that others trained, by the variant's name.

    Published ones that are not on this machine are downloaded. plugins: whose bases the recipe may
    name. chosen: variants that can't do without, all if None; of others they may be missing. Raises
    RecipeError with what stands against each, PluginError for a plugin that fails.
    """
    found: dict[str, FoundArrays] = {}
    lacking: dict[str, PretrainedError] = {}
    brought = cache(brought_by)  # variants mostly share a base, whose arrays may fill gigabytes
    for variant in recipe.variants:
        spec = variant.configuration.transfer
        if not spec.active or spec.is_own:
            continue
        find: Callable[..., FoundArrays] = partial(find_arrays, spec.base)
        if base := plugins.bases.get(spec.base):
            network = variant.configuration.base_for(_shape(variant, plugins), recipe.bases)
            find = partial(find_of_plugin, base, network, brought)
        try:
            found[variant.name] = _find(spec, partial(find, folder=_folder(variant)))
        except PretrainedError as error:
            lacking[variant.name] = error
    left = _with_ensembles(recipe, lacking)
    if left and (chosen is None or not left.isdisjoint(chosen)):
        raise RecipeError(_problems(recipe, lacking, left))
    return found


def with_arrays(
    recipe: Recipe, arrays: Mapping[str, FoundArrays]
) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe without the variants whose arrays are missing, and a note that names these."""
    specs = {variant.name: variant.configuration.transfer for variant in recipe.variants}
    wanted = {name for name, spec in specs.items() if spec.active and not spec.is_own}
    left = _with_ensembles(recipe, wanted - arrays.keys())
    if not left:
        return recipe, ()
    kept = tuple(variant for variant in recipe.variants if variant.name not in left)
    names = [variant.name for variant in recipe.variants if variant.name in left]
    note = f"left out, as arrays of their bases are not here: {', '.join(names)}"
    return recipe.model_copy(update={"variants": kept}), (note,)


def _with_ensembles(recipe: Recipe, lacking: Collection[str]) -> frozenset[str]:
    """The variants that can't be done without these: they, and ensembles of them."""
    of_them = (
        variant.name
        for variant in recipe.variants
        if not set(variant.configuration.ensemble.of).isdisjoint(lacking)
    )
    return frozenset((*lacking, *of_them))


def _problems(
    recipe: Recipe, lacking: Mapping[str, PretrainedError], left: Collection[str]
) -> list[Problem]:
    """Each once, at the key to blame or at the base; the last says what can be done without."""
    problems: dict[tuple[str, str], Problem] = {}
    for variant in recipe.variants:
        if error := lacking.get(variant.name):
            key = ("transfer", error.key or "weights")
            place = key if key in variant.settings else ("transfer", "base")
            problem = replace(variant.problem(place, str(error)), key=dotted(key))
            problems.setdefault((problem.key, str(error)), problem)
    *others, last = problems.values()
    names = [variant.name for variant in recipe.variants if variant.name not in left]
    if recipe.baseline in names:
        options = " ".join(f"--variant {shlex.quote(name)}" for name in names[:SHOWN])
        last = replace(last, message=f"{last.message}; what needs none can be run: {options}")
    return [*others, last]


def _find(spec: TransferSpec, find: Callable[..., FoundArrays]) -> FoundArrays:
    """find: takes weights, scaling and padding as a recipe names them."""

    def asked() -> FoundArrays:
        return find(spec.weights, spec.scaling, padding=spec.padding)

    if spec.pretrained:
        return asked()
    # From scratch images are scaled as for the published arrays, and maps padded as for those of a
    # file, so that nothing else differs.
    scaling = spec.scaling or published_scaling(spec.base)
    padding = asked().pads if spec.names_a_file else spec.padding
    return find(RANDOM, scaling, padding=padding)


def _shape(variant: Variant, plugins: Plugins) -> tuple[int, int, int]:
    name, request = variant.configuration.request()
    return plugins.source(name).facts(request).shape


def _folder(variant: Variant) -> Path:
    """What a path of arrays is relative to."""
    setting = variant.settings.get(("transfer", "weights"))
    return setting.folder if setting else Path()
