"""What every layer is: a frozen value with a name and inputs that knows the facts about itself.

Images are NHWC: shapes without the batch axis are (height, width, channels) of a map, (units,) of a
vector. The meaning of each layer is that of the Keras layer of the same name; where frameworks
differ, the docstring says which reading counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from cnnbench.errors import NetworkError

Shape = tuple[int, ...]
"""Without the batch axis: (height, width, channels) of a map, (units,) of a vector."""
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Pair = tuple[Count, Count]
LAYER_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"
Name = Annotated[str, Field(pattern=LAYER_NAME)]

INPUT = "input"
"""What layers call the network's input."""


class Array(NamedTuple):
    """An array of a layer. initial: what it is filled with; None draws it (Glorot uniform)."""

    shape: Shape
    initial: float | None = None


class View(NamedTuple):
    """The part of its input that a unit sees, in units of the input, and the step to the next."""

    size: Pair = (1, 1)
    stride: Pair = (1, 1)


class Layer(BaseModel):
    """Common to all layers: frozen, compared by value, no unknown fields.

    A layer type is a subclass, which says what it makes of its inputs and what that takes. Methods
    are asked of layers whose name is known, as `Network.nodes` has them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    type: str
    name: Name = Field("", description="unique; the type and a count if not given: conv_1, conv_2")
    inputs: tuple[Name, ...] = Field(
        (), description="names of layers above, or `input`; the layer above if not given"
    )

    joins: ClassVar[bool] = False
    """Whether it takes several inputs."""
    draws: ClassVar[bool] = False
    """Whether random numbers are drawn for it, by its name."""
    optional: ClassVar[frozenset[str]] = frozenset()
    """Parameters that a backend may lack; their defaults it can do."""
    spelled: ClassVar[frozenset[str]] = frozenset()
    """Parameters that `settings` has even at their default, as the first results' identities do."""

    @model_serializer(mode="wrap")
    def _dumped(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A name or inputs that are not given stay out: an empty name can't be read back."""
        values: dict[str, Any] = handler(self)
        return {key: x for key, x in values.items() if x or key not in ("name", "inputs")}

    def output_shape(self, *inputs: Shape) -> Shape:
        """The shape it makes of inputs of these shapes. Raises NetworkError if it can't take them.

        The error's `key` is the key of `[network]` that a named architecture takes the value from
        ("kernel", "pool"), else "layers".
        """
        return inputs[0]

    def arrays(self, *inputs: Shape) -> Mapping[str, Array]:  # noqa: ARG002 - most have none
        """Its arrays by the part of their name after the slash ("kernel")."""
        return {}

    def flops(self, *inputs: Shape) -> int:  # noqa: ARG002 - most have none
        """Twice the multiply-adds of one image's prediction."""
        return 0

    @property
    def view(self) -> View | None:
        """What a unit of its output sees of its input; None if all of it."""
        return View()

    @property
    def label(self) -> str:
        """The layer in the words of a table: "conv 32, 3x3, relu"; defaults stay unsaid."""
        return self.type.replace("_", " ")

    @property
    def applies(self) -> str | None:
        """The activation that it ends in."""
        return None

    @property
    def penalty(self) -> tuple[float, float]:
        """(l1, l2) on its kernel."""
        return 0.0, 0.0

    @property
    def options(self) -> frozenset[str]:
        """The optional parameters that it makes use of."""
        fields = type(self).model_fields
        return frozenset(x for x in self.optional if getattr(self, x) != fields[x].default)

    def settings(self) -> dict[str, Any]:
        """What decides its outcome, as plain values; name and inputs are the network's business."""
        told = self.model_dump(include={"type", *self.spelled})
        return told | self.model_dump(exclude_defaults=True, exclude={"name", "inputs"})

    def need_map(self, shape: Shape) -> None:
        """Raise NetworkError unless the shape is that of a map."""
        if len(shape) == 1:
            raise NetworkError(
                f"{self.name} takes a map of height, width and channels, but its input is already "
                f"flat ({describe_shape(shape)}): move it before the flattening layer in `layers`",
                key="layers",
            )


def describe_shape(shape: Shape) -> str:
    """A shape as people write it: "28x28x1", or "64 values"."""
    return "x".join(map(str, shape)) if len(shape) > 1 else f"{shape[0]:,} values"
