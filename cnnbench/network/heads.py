"""A published base with a new head on top: pooling, dense layers, the output."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cnnbench.errors import NetworkError, meant, nearest
from cnnbench.network.layers import (
    Activation,
    AnyLayer,
    BatchNorm,
    Count,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    Rate,
)
from cnnbench.network.network import Network

SHOWN = 5
"""Names in a message."""
PREFIX = "head_"
"""What the names of its layers begin with; no published network has such."""


class HeadSpec(BaseModel):
    """What stands above a base; it always learns."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    pooling: Literal["flatten", "average", "max"] = Field(
        "flatten",
        description="how the base's last map becomes a vector: all its values, or the mean or the "
        "largest of each channel",
    )
    dense: tuple[Count, ...] = Field((256,), description="units of each dense layer")
    activation: Activation = Field("relu", description="of the dense layers")
    dropout: Rate = Field(0.5, description="after each dense layer, or after the pooling if none")


def with_head(
    base: Network, head: HeadSpec, classes: int, output: Literal["softmax", "sigmoid"]
) -> Network:
    """The base, whose layers keep their names, below a head that tells the classes apart."""
    layers: list[AnyLayer] = [layer for _, layer in base.named_layers()]  # type: ignore[misc]
    layers.append(_pooling(head))
    for number, units in enumerate(head.dense, 1):
        layers.append(
            Dense(units=units, activation=head.activation, name=f"{PREFIX}dense_{number}")
        )
        if head.dropout:
            layers.append(Dropout(rate=head.dropout, name=f"{PREFIX}dropout_{number}"))
    if head.dropout and not head.dense:
        layers.append(Dropout(rate=head.dropout, name=f"{PREFIX}dropout"))
    units = 1 if output == "sigmoid" else classes
    layers.append(Dense(units=units, activation="linear", name=f"{PREFIX}output"))
    return Network(
        input_shape=base.input_shape, layers=tuple(layers), classes=classes, output=output
    )


def _pooling(head: HeadSpec) -> AnyLayer:
    if head.pooling == "average":
        return GlobalAveragePool(name=f"{PREFIX}average")
    if head.pooling == "max":
        return GlobalMaxPool(name=f"{PREFIX}max")
    return Flatten(name=f"{PREFIX}flatten")


def without_head(network: Network) -> Network:
    """The base of what `with_head` made."""
    layers = tuple(x for x in network.layers if not x.name.startswith(PREFIX))
    return network.model_copy(update={"layers": layers, "output": "features", "classes": 0})


def layers_before(base: Network, start: str) -> frozenset[str]:
    """The layers of a base above the first one whose name is `start` or begins with it.

    Raises NetworkError where none does.
    """
    names = [name for name, _ in base.named_layers()]
    if not start:
        raise NetworkError(
            f"strategy partial needs the first layer that moves, or what its name begins with, or "
            f"with unfreeze_last how many blocks do; the last layers of the base: "
            f"{', '.join(names[-SHOWN:])}",
            key="unfreeze_from",
        )
    found = next((name for name in names if name == start), None) or next(
        (name for name in names if name.startswith(start)), None
    )
    if found is None:
        near = nearest(start, names)
        rest = meant([near] if near else [], f"the last ones: {', '.join(names[-SHOWN:])}")
        raise NetworkError(f"the base has no layer {start!r}{rest}", key="unfreeze_from")
    return frozenset(names[: names.index(found)])


def normalizations(base: Network) -> frozenset[str]:
    """The names of its batch normalisations."""
    return frozenset(name for name, layer in base.named_layers() if isinstance(layer, BatchNorm))
