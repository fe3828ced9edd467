"""A winner in the format of other programs: one file that takes images as they are."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cnnbench.errors import OptionsError, PluginError, did_you_mean
from cnnbench.loading.availability import check_availability
from cnnbench.loading.plugins import Plugins
from cnnbench.network.graph import spelled_out
from cnnbench.network.layers import INPUT, AnyLayer, Conv, Rescaling
from cnnbench.network.network import Network, Weights
from cnnbench.plugin.exporter import Exporter
from cnnbench.results.files import explain
from cnnbench.winner.folder import Winner
from cnnbench.winner.preprocessing import Standard

CHANNELS, SCALING = "cnnbench_channels", "cnnbench_scaling"
"""Names of the layers that stand before the network's own."""


def find_exporter(plugins: Plugins, path: Path) -> Exporter:
    """The one for a file of this name, ready to write.

    Raises OptionsError for a suffix that none writes, PluginError where it can't write here.
    """
    name = path.suffix.lower().removeprefix(".")
    if name not in plugins.exporters:
        known = [f".{each}" for each in plugins.exporters]
        told = repr(path.suffix) if path.suffix else "no suffix"
        near = did_you_mean(path.suffix, known, "formats") if known else ""
        lacking = "" if known else "; no installed plugin provides an exporter"
        raise OptionsError(f"{path} has {told}, which stands for no format{near}{lacking}")
    exporter = plugins.exporter(name)
    answer = check_availability(exporter)
    if not answer.available:
        remedy = f"; install it with: {answer.install}" if answer.install else ""
        raise PluginError(f".{name} can't be written here: {answer.reason}{remedy}")
    return exporter


def export_winner(winner: Winner, exporter: Exporter, path: Path) -> None:
    """Write the file, whole or not at all. Raises PluginError and OptionsError."""
    network, weights = from_pixels(winner)
    try:
        with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".export-") as folder:
            unfinished = Path(folder, path.name)
            exporter.export(network, weights, unfinished)
            shutil.move(unfinished, path)
    except OSError as error:
        raise OptionsError(
            f"{path} can't be written: {explain(error)}; choose another --output"
        ) from error


def from_pixels(winner: Winner) -> tuple[Network, Weights]:
    """The network that takes images in 0..255, in the size and colour of the preprocessing.

    In front of its layers stand one that repeats or turns round channels, where that is needed, and
    one that scales. What a recipe crops is to be cropped before.
    """
    network, given = winner.network, winner.description.preprocessing.shape[2]
    height, width, taken = network.input_shape
    layers = spelled_out(network.layers)
    names, weights = {layer.name for layer in layers}, dict(winner.weights)
    front: list[AnyLayer] = []
    order = _order(winner, given, taken)
    if order != list(range(given)):
        name = _free(CHANNELS, names)
        front.append(
            Conv(filters=taken, kernel=(1, 1), activation="linear", use_bias=False, name=name)
        )
        kernel = np.zeros((1, 1, given, taken), np.float32)
        kernel[0, 0, order, range(taken)] = 1
        weights[f"{name}/kernel"] = kernel
    front.append(_rescaling(winner, _free(SCALING, names)))
    first = front[-1].name
    behind = [
        layer.model_copy(update={"inputs": tuple(first if x == INPUT else x for x in layer.inputs)})
        for layer in layers
    ]
    whole = network.model_copy(
        update={"input_shape": (height, width, given), "layers": (*front, *behind)}
    )
    return whole, weights


def _order(winner: Winner, given: int, taken: int) -> list[int]:
    """Which channel of an image each channel of the network is."""
    if given != taken:
        return [0] * taken
    scaling = winner.description.preprocessing.scaling
    turned = isinstance(scaling, Standard) and scaling.order == "bgr"
    return list(range(given))[:: -1 if turned else 1]


def _rescaling(winner: Winner, name: str) -> Rescaling:
    scaling = winner.description.preprocessing.scaling
    if isinstance(scaling, Standard):
        factors = (1 / np.array(scaling.deviation)).tolist()
        offsets = (-np.array(scaling.mean) / np.array(scaling.deviation)).tolist()
    else:
        factors, offsets = list(scaling.factor), list(scaling.offset)
    return Rescaling(scale=_numbers(factors), offset=_numbers(offsets), name=name)


def _numbers(values: Sequence[float]) -> float | tuple[float, ...]:
    return values[0] if len(values) == 1 else tuple(values)


def _free(name: str, taken: set[str]) -> str:
    """The name, with an underscore more for each layer that has it already."""
    while name in taken:
        name += "_"
    return name
