"""The graph that layers make by naming their inputs: names, order, and what can be wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from cnnbench.errors import NetworkError, meant, nearest
from cnnbench.network.layers import INPUT, Layer

SHOWN = 5
"""Names in a message."""


def default_names(layers: Sequence[Layer]) -> list[str]:
    """What each layer is called if it has no name: "conv_1", "conv_2", "dense_1"."""
    counts: Counter[str] = Counter()
    names = []
    for layer in layers:
        counts[layer.type] += 1
        names.append(f"{layer.type}_{counts[layer.type]}")
    return names


def spelled_out(layers: Sequence[Layer]) -> list[Layer]:
    """The layers with their names and inputs, in an order in which they can be computed.

    Raises NetworkError where a name is doubled or unknown, layers go round in a cycle, or an output
    is used by nobody.
    """
    defaults = default_names(layers)
    names = [layer.name or default for layer, default in zip(layers, defaults, strict=True)]
    _refuse_doubled(names)
    above = [INPUT, *names]
    made = [
        layer.model_copy(update={"name": name, "inputs": layer.inputs or (before,)})
        for layer, name, before in zip(layers, names, above, strict=False)
    ]
    inputs = {layer.name: layer.inputs for layer in made}
    known = {INPUT}
    for layer in made:
        _check_inputs(layer, known, inputs)
        known.add(layer.name)
    _refuse_unused(names, inputs)
    return made


def _refuse_doubled(names: Sequence[str]) -> None:
    for name, count in Counter([INPUT, *names]).items():
        if count == 1:
            continue
        if name == INPUT:
            message = f"a layer is called {INPUT}, as the network's input is: give it another name"
        else:
            first, second, *_ = (at for at, other in enumerate(names, 1) if other == name)
            message = (
                f"layers {first} and {second} are both called {name} (a layer without a name is "
                "called after its type and its place among its type): give one of them another name"
            )
        raise NetworkError(message, key="layers")


def _check_inputs(layer: Layer, known: set[str], inputs: Mapping[str, tuple[str, ...]]) -> None:
    """known: the names above the layer. inputs: of all layers."""
    for name in layer.inputs:
        if name in known:
            continue
        raise NetworkError(
            f"{layer.name} takes the output of {name}, {_why_not(layer, name, known, inputs)}",
            key="layers",
        )
    count = len(layer.inputs)
    if layer.joins and count == 1:
        raise NetworkError(
            f"{layer.name} joins several inputs, but has only {layer.inputs[0]}: name them, as in "
            'inputs = ["conv_1", "conv_2"]',
            key="layers",
        )
    if not layer.joins and count > 1:
        raise NetworkError(
            f"{layer.name} takes one input, but names {count} ({', '.join(layer.inputs)}): join "
            "them in a layer of type add, concatenate or multiply, and name that",
            key="layers",
        )


def _why_not(
    layer: Layer, name: str, known: set[str], inputs: Mapping[str, tuple[str, ...]]
) -> str:
    """What is wrong with a name that stands not above the layer."""
    if name == layer.name:
        return "which is itself: let it name a layer above it"
    if name not in inputs:
        near = nearest(name, [*known, *inputs])
        above = [other for other in (INPUT, *inputs) if other in known]
        last = f"the last ones above it: {', '.join(above[-SHOWN:])}"
        return f"which is no layer{meant([near] if near else [], last)}"
    cycle = _cycle(layer.name, name, inputs)
    if cycle:
        return (
            f"which depends on its own: {' -> '.join(cycle)} is a cycle; let {layer.name} name a "
            "layer above it"
        )
    return f"which stands below it: move {layer.name} below {name}"


def _cycle(
    start: str, follow: str, inputs: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...] | None:
    """The way from `start` over its input `follow` back to it, None if there is none."""
    ways: list[tuple[str, ...]] = [(start, follow)]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == start:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [(*way, name) for name in inputs.get(way[-1], ())]
    return None


def _refuse_unused(names: Sequence[str], inputs: Mapping[str, tuple[str, ...]]) -> None:
    used = {name for each in inputs.values() for name in each}
    for name in names[:-1]:
        if name not in used:
            raise NetworkError(
                f"nothing takes the output of {name}, and only the last layer's is the network's: "
                "name it among the inputs of a layer below, or leave the layer out",
                key="layers",
            )
