"""The arrays that the bases of a recipe start from, found before anything trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

from cnnbench.errors import PretrainedError, Problem, RecipeError
from cnnbench.loading.plugins import Plugins
from cnnbench.planning.plugin_bases import brought_by, find_of_plugin
from cnnbench.pretrained.find import find_arrays, published_scaling
from cnnbench.pretrained.found import FoundArrays
from cnnbench.recipe.spec import Recipe, Variant
from cnnbench.recipe.transfer import RANDOM, TransferSpec


def arrays_of(recipe: Recipe, plugins: Plugins) -> Mapping[str, FoundArrays]:
    """Those of each variant on a base that others trained, by the variant's name.

    Published ones that are not on this machine are downloaded. plugins: whose bases the recipe may
    name. Raises RecipeError with what stands against each, PluginError for a plugin that fails.
    """
    found: dict[str, FoundArrays] = {}
    problems: dict[Problem, None] = {}
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
            problems[variant.problem(("transfer", error.key or "weights"), str(error))] = None
    if problems:
        raise RecipeError(list(problems))
    return found


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
