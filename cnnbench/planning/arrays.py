"""The arrays that the bases of a recipe start from, found before anything trains."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cnnbench.errors import PretrainedError, Problem, RecipeError
from cnnbench.loading.plugins import Plugins
from cnnbench.planning.plugin_bases import find_of_plugin
from cnnbench.pretrained.find import find_arrays, published_scaling
from cnnbench.pretrained.found import FoundArrays
from cnnbench.recipe.spec import Recipe, Variant
from cnnbench.recipe.transfer import RANDOM, TransferSpec


def arrays_of(recipe: Recipe, plugins: Plugins | None = None) -> Mapping[str, FoundArrays]:
    """Those of each variant on a base that others trained, by the variant's name.

    Published ones that are not on this machine are downloaded. plugins: whose bases the recipe may
    name. Raises RecipeError with what stands against each, PluginError for a plugin that fails.
    """
    found: dict[str, FoundArrays] = {}
    problems: dict[Problem, None] = {}
    bases = plugins.bases if plugins else {}
    for variant in recipe.variants:
        spec = variant.configuration.transfer
        if not spec.active or spec.is_own:
            continue
        try:
            if plugins and spec.base in bases:
                base = bases[spec.base]
                shape = _shape(variant, plugins)
                network = variant.configuration.base_for(shape, recipe.bases)
                found[variant.name] = find_of_plugin(base, network, spec, _folder(variant))
            else:
                found[variant.name] = _find(spec, variant)
        except PretrainedError as error:
            problems[variant.problem(("transfer", error.key or "weights"), str(error))] = None
    if problems:
        raise RecipeError(list(problems))
    return found


def _find(spec: TransferSpec, variant: Variant) -> FoundArrays:
    def asked() -> FoundArrays:
        folder = _folder(variant)
        return find_arrays(
            spec.base, spec.weights, spec.scaling, folder=folder, padding=spec.padding
        )

    if spec.pretrained:
        return asked()
    # From scratch images are scaled as for the published arrays, and maps padded as for those of a
    # file, so that nothing else differs.
    scaling = spec.scaling or published_scaling(spec.base)
    padding = asked().pads if spec.names_a_file else spec.padding
    return find_arrays(spec.base, RANDOM, scaling, folder=Path(), padding=padding)


def _shape(variant: Variant, plugins: Plugins) -> tuple[int, int, int]:
    name, request = variant.configuration.request()
    return plugins.source(name).facts(request).shape


def _folder(variant: Variant) -> Path:
    """What a path of arrays is relative to."""
    setting = variant.settings.get(("transfer", "weights"))
    return setting.folder if setting else Path()
