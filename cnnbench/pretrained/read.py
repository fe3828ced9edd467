"""From a file to the arrays of a network."""

from __future__ import annotations

from pathlib import Path

from cnnbench.errors import PretrainedError
from cnnbench.network.network import Network, Weights
from cnnbench.network.weights import weight_shapes
from cnnbench.pretrained.arrays import Match
from cnnbench.pretrained.digest import digests
from cnnbench.pretrained.formats.opening import open_content
from cnnbench.pretrained.formats.stored import FAULTS, Content, blaming
from cnnbench.pretrained.found import FoundArrays
from cnnbench.pretrained.matching import match


def read_arrays(found: FoundArrays, network: Network) -> Weights:
    """Every array of the base by its canonical name, float32, in the canonical layout.

    network: the base, whole but for its classifier, for images of any size. One array is read at a
    time. Random arrays are not read: there are none, and the network keeps those of its seed.
    Raises PretrainedError where the file has changed since it was found, is damaged, or does not
    fit.
    """
    if found.path is None:
        return {}
    if digests(found.path).sha256 != found.digest:
        raise PretrainedError(
            f"{found.path} has changed since this study was planned: run it again", "weights"
        )
    with open_content(found.path) as content:
        if found.canonical:
            matches = _by_name(content, network, found.path)
        else:
            matches = match(content, network, found.path)
        with blaming(found.path, "arrays", *FAULTS):
            arrays = {one.name: one.read() for one in matches}
    return {name: arrays[name] for name in weight_shapes(network)}


def _by_name(content: Content, network: Network, path: Path) -> list[Match]:
    """Each array from the one of the same name, whatever else there is."""
    stored = {array.name: array for layer in content.layers for array in layer.arrays}
    matches = []
    for name, shape in weight_shapes(network).items():
        if name not in stored or stored[name].shape != shape:
            raise PretrainedError(f"{path} has no {name} of the shape {shape}", "weights")
        matches.append(Match(name, shape, stored[name]))
    return matches
