"""From a file to the arrays of a network."""

from __future__ import annotations

from cnnbench.errors import PretrainedError
from cnnbench.network.network import Network, Weights
from cnnbench.network.weights import weight_shapes
from cnnbench.pretrained.digest import digests
from cnnbench.pretrained.formats.opening import open_content
from cnnbench.pretrained.formats.stored import FAULTS, blaming
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
        matches = match(content, network, found.path)
        with blaming(found.path, "arrays", *FAULTS):
            arrays = {one.name: one.read() for one in matches}
    return {name: arrays[name] for name in weight_shapes(network)}
