"""Which array of a file is which of a network: by name, else by order; shapes decide."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cnnbench.errors import PretrainedError
from cnnbench.network.layers import BatchNorm, Conv, Dense, DepthwiseConv, Flatten, Shape
from cnnbench.network.network import Network, Node
from cnnbench.pretrained.arrays import Match
from cnnbench.pretrained.formats.stored import Content, StoredLayer
from cnnbench.pretrained.order import halves, keras_order

AUTOMATIC = re.compile(
    r"(conv2d|depthwise_conv2d|separable_conv2d|batch_normalization|dense)(?:_(\d+))?"
)
"""Names that Keras gives; where their numbers start depends on what was built before."""
CONVOLVED = frozenset({"conv_preds", "logits"})
"""Dense layers on means that Keras has as convolutions of maps of 1x1."""
DENSE, SLIDING = 2, 4
"""Axes of the kernel of a dense layer, and of one that slides over a map."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A layer as a file has it: of one layer of the network, or of both halves of a separable one.

    arrays: layer and part of each, in the file's order.
    """

    name: str
    kind: str
    arrays: tuple[tuple[Node, str], ...]


def match(content: Content, network: Network, path: object) -> list[Match]:
    """Where each array of the network is. Raises PretrainedError with the first that fits not."""
    whole, split = list(_wanted(network, whole=True)), list(_wanted(network, whole=False))
    if not content.layers:
        raise PretrainedError(f"{path} holds no arrays of layers", "weights")
    named = _renumbered(content.layers)
    for wanted in (whole, split):
        if all(want.name in named for want in wanted):
            pairs = iter([(want, named[want.name]) for want in wanted])
            break
    else:
        pairs = _in_order(content, whole if content.layout == "keras" else split, path)
    matches: list[Match] = []
    used: set[int] = set()
    for want, stored in pairs:
        matches += _layer(want, stored, content, network, path)
        used.add(id(stored))
    _refuse_more([layer for layer in content.layers if id(layer) not in used], path)
    return matches


def _wanted(network: Network, *, whole: bool) -> Iterator[Wanted]:
    """Whole: in Keras's order, the halves of separable convolutions together."""
    nodes = {node.name: node for node in network.nodes()}
    parts = {name: tuple(node.layer.arrays(*node.inputs)) for name, node in nodes.items()}
    pairs = halves(network) if whole else {}
    for name in keras_order(network) if whole else nodes:
        members = [pairs[name], name] if name in pairs else [name]
        arrays = tuple((nodes[x], part) for x in members for part in parts[x])
        if arrays:
            kind = "separable_conv2d" if name in pairs else _kind(nodes[name])
            yield Wanted(name, kind, arrays)


def _kind(node: Node) -> str:
    """What Keras calls the type of a layer."""
    if isinstance(node.layer, Conv) or node.name in CONVOLVED:
        return "conv2d"
    if isinstance(node.layer, DepthwiseConv):
        return "depthwise_conv2d"
    if isinstance(node.layer, BatchNorm):
        return "batch_normalization"
    assert isinstance(node.layer, Dense)
    return "dense"


def _renumbered(layers: Sequence[StoredLayer]) -> dict[str, StoredLayer]:
    """By name; what Keras has numbered from where it was is numbered from the start."""
    named: dict[str, StoredLayer] = {}
    numbered: dict[str, list[tuple[int, StoredLayer]]] = defaultdict(list)
    for layer in layers:
        automatic = AUTOMATIC.fullmatch(layer.name)
        if automatic:
            numbered[automatic[1]].append((int(automatic[2] or 0), layer))
        elif layer.name:
            named[layer.name] = layer
    for kind, found in numbered.items():
        for at, (_, layer) in enumerate(sorted(found, key=lambda pair: pair[0])):
            named[f"{kind}_{at}" if at else kind] = layer
    return named


def _in_order(
    content: Content, wanted: Sequence[Wanted], path: object
) -> Iterator[tuple[Wanted, StoredLayer]]:
    """Each wanted layer with the one that stands at its place, among its kind or among all."""
    queues: Mapping[str, list[StoredLayer]] = defaultdict(list)
    dense = any(want.kind == "dense" for want in wanted)
    for layer in content.layers:
        if not dense and len(layer.arrays[0].shape) == DENSE:
            continue  # of a head, which stands anywhere where names are sorted
        # Keras counts the images that its normalisation by constants has seen: a scalar.
        if all(array.shape for array in layer.arrays):
            queues[layer.kind if content.by_kind else ""].append(layer)
    places = dict.fromkeys([want.kind for want in wanted] if content.by_kind else [""], 0)
    for want in wanted:
        key = want.kind if content.by_kind else ""
        queue, place = queues[key], places[key]
        if place == len(queue):
            raise PretrainedError(
                f"{path} ends before the network does: it has nothing for {want.name}", "weights"
            )
        places[key] += 1
        yield want, queue[place]


def _layer(
    want: Wanted, stored: StoredLayer, content: Content, network: Network, path: object
) -> Iterator[Match]:
    wanted = [f"{node.name}/{part}" for node, part in want.arrays]
    if len(stored.arrays) != len(wanted):
        raise PretrainedError(
            f"{path} does not fit the network: {want.name} has {_listed(wanted)}, but in its place "
            f"the file has {_listed([array.name for array in stored.arrays])}",
            "weights",
        )
    for (node, part), array in zip(want.arrays, stored.arrays, strict=True):
        shape = node.layer.arrays(*node.inputs)[part].shape
        found = Match(
            f"{node.name}/{part}",
            shape,
            array,
            content.layout,
            depthwise=isinstance(node.layer, DepthwiseConv),
            flattened=_flattened(node, network),
        )
        if not found.fits():
            raise PretrainedError(_unfit(found, node, network, path), "weights")
        yield found


def _unfit(found: Match, node: Node, network: Network, path: object) -> str:
    first = next(x for x in network.nodes() if x.layer.arrays(*x.inputs))
    channels = network.input_shape[2]
    if node.name == first.name and found.with_channels(channels_of_rgb := 3).fits():
        return (
            f"the arrays of {path} take images of {channels_of_rgb} channels, but these have "
            f'{channels}: set color = "rgb" in [data]'
        )
    return (
        f"{path} does not fit the network: {found.name} is {_shape(found.shape)}, but in its place "
        f"the file has {found.stored.name}, {_shape(found.stored.shape)}"
        f"{' as PyTorch orders it' if found.layout == 'torch' else ''}"
    )


def _flattened(node: Node, network: Network) -> Shape:
    """The map that a dense layer gets flattened, () if it gets none."""
    if not isinstance(node.layer, Dense):
        return ()
    before = {other.name: other for other in network.nodes()}.get(node.layer.inputs[0])
    return before.inputs[0] if before and isinstance(before.layer, Flatten) else ()


def _refuse_more(layers: Sequence[StoredLayer], path: object) -> None:
    """A head is left out; a kernel that slides over a map is of another network."""
    for layer in layers:
        for array in layer.arrays:
            window = [n for n in array.shape if n == 1]
            if len(array.shape) == SLIDING and len(window) < 2:  # noqa: PLR2004 - 1x1
                raise PretrainedError(
                    f"{path} is of another network: it has {array.name}, "
                    f"{_shape(array.shape)}, besides all that fits",
                    "weights",
                )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _shape(shape: Shape) -> str:
    return "x".join(map(str, shape)) if shape else "one number"
