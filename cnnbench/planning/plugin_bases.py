"""The arrays of bases that plugins bring, kept where every worker finds them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from cnnbench.data.passes.scaling import SCALINGS
from cnnbench.data.sources.cache import VARIABLE, cache_folder
from cnnbench.errors import PretrainedError
from cnnbench.loading.availability import check_availability
from cnnbench.network.network import Network, Weights
from cnnbench.network.weights import weight_shapes
from cnnbench.plugin.base import PretrainedBase
from cnnbench.pretrained.digest import digests
from cnnbench.pretrained.find import file_arrays, random_arrays, refuse_others
from cnnbench.pretrained.found import FoundArrays, Padding
from cnnbench.recipe.transfer import PUBLISHED_ARRAYS, RANDOM
from cnnbench.results.files import explain, write_atomically
from cnnbench.results.weights import weights_bytes


def find_of_plugin(
    base: PretrainedBase,
    network: Network,
    brought: Callable[[PretrainedBase, Network], FoundArrays],
    weights: str,
    scaling: str | None,
    *,
    folder: Path,
    padding: Padding | None = None,
) -> FoundArrays:
    """The arrays that a recipe asks for, of a base that a plugin brings.

    network: the base for the recipe's images. brought: `brought_by`. The others, and what is
    raised: as of `find_arrays`; PluginError for a plugin that fails.
    """
    if weights == RANDOM:
        own = SCALINGS[scaling] if scaling else base.scaling
        return random_arrays(base.name, own, padding or "keras")
    if weights == PUBLISHED_ARRAYS:
        return refuse_others(brought(base, network), scaling, padding)
    return file_arrays(base.name, folder / Path(weights).expanduser(), scaling, padding, network)


def brought_by(base: PretrainedBase, network: Network) -> FoundArrays:
    """The plugin's own arrays, kept in the cache folder.

    Raises PretrainedError where there are none, they don't fit or can't be kept.
    """
    answer = check_availability(base)
    if not answer.available:
        remedy = f"; install them with: {answer.install}" if answer.install else ""
        raise PretrainedError(
            f"the arrays of {base.name} are not on this machine: {answer.reason}{remedy}", "weights"
        )
    weights = base.weights()
    _refuse_others(base.name, weights, network)
    path, digest = _kept(weights)
    return FoundArrays(
        base.name,
        f"the plugin's own: {base.description or base.name}",
        path,
        digest,
        base.scaling,
        base.trained_on,
        base.licence,
        base.accuracy,
        canonical=True,
    )


def _refuse_others(name: str, weights: Weights, network: Network) -> None:
    """Refuse arrays that are not those of the network, each by its name and shape."""
    wanted = weight_shapes(network)
    for array, shape in wanted.items():
        if array not in weights or weights[array].shape != tuple(shape):
            given = f"has the shape {weights[array].shape}" if array in weights else "is missing"
            raise PretrainedError(
                f"the arrays that the plugin brings for {name} do not fit its network: {array}, of "
                f"the shape {tuple(shape)}, {given}",
                "base",
            )
    if more := sorted(weights.keys() - wanted.keys()):
        raise PretrainedError(
            f"the plugin brings {more[0]} for {name}, whose network has no such array", "base"
        )


def _kept(weights: Weights) -> tuple[Path, str]:
    """A file of the arrays in the cache folder, named by its SHA-256, and that."""
    content = weights_bytes(weights)
    digest = hashlib.sha256(content).hexdigest()
    path = cache_folder() / f"base-{digest[:16]}.safetensors"
    try:
        if not path.is_file() or digests(path).sha256 != digest:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
    except OSError as error:
        raise PretrainedError(
            f"the arrays of the base can't be kept in {path.parent}: {explain(error)}; make room "
            f"there, or set the environment variable {VARIABLE} to another folder",
            "weights",
        ) from error
    return path, digest
