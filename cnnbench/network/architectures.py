"""Named architectures: from the `[network]` section of a recipe to a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cnnbench.errors import NetworkError
from cnnbench.network.block import block, pair
from cnnbench.network.layers import (
    AnyLayer,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    describe_shape,
)
from cnnbench.network.network import Network
from cnnbench.network.shapes import layer_shapes
from cnnbench.network.spec import NetworkSpec

SHAPING = frozenset(
    {
        *("architecture", "filters", "kernel", "stride", "padding"),
        *("downsampling", "pool", "final_pool", "layers"),
    }
)
"""Keys of `[network]` that decide whether every map is large enough for its layer."""
_HEADS: Mapping[str, type[Flatten | GlobalAveragePool | GlobalMaxPool]] = {
    "flatten": Flatten,
    "global_average": GlobalAveragePool,
    "global_max": GlobalMaxPool,
}
_EVERYWHERE = frozenset({"architecture", "output"})
_TOP = _EVERYWHERE | {"activation", "dense", "dropout", "l1", "l2"}
USED: Mapping[str, frozenset[str]] = {
    "convnet": frozenset(NetworkSpec.model_fields) - {"layers"},
    "dense": _TOP,
    "layers": _EVERYWHERE | {"layers"},
}
"""The keys of `[network]` that each architecture uses."""


def build_network(spec: NetworkSpec, input_shape: tuple[int, int, int], classes: int) -> Network:
    """The network that `spec` describes, for images of (height, width, channels).

    A number for kernel, stride or pool counts for both axes; for signals, whose width is 1, it
    counts along them alone: a kernel of 9 is one of 9x1, as in Keras's Conv1D.

    Every architecture ends in the same output: a dense layer of one unit a class, or of one unit
    for "sigmoid". The penalties l1 and l2 apply to the kernels of the convolutions and of the dense
    layers below the output, not to the output itself; in `layers` each layer carries its own.

    Raises NetworkError where a layer can't take its input or the output does not suit the classes.
    """
    check_classes(spec, classes)
    spec = _along(spec, input_shape)
    hidden: Iterable[AnyLayer] = spec.layers
    if spec.architecture == "convnet":
        hidden = _convnet(spec, input_shape[2])
    elif spec.architecture == "dense":
        hidden = [Flatten(), *_hidden_dense(spec)]
    output = Dense(units=1 if spec.output == "sigmoid" else classes, activation="linear")
    network = Network(
        input_shape=input_shape, layers=(*hidden, output), classes=classes, output=spec.output
    )
    try:
        layer_shapes(network)
    except NetworkError as error:
        raise _blame(error, spec, network) from None
    return network


def _along(spec: NetworkSpec, input_shape: tuple[int, int, int]) -> NetworkSpec:
    """Where the input is signals, with windows that are a number made windows along them."""
    if input_shape[0] == 1 or input_shape[1] != 1:
        return spec
    numbers = {key: getattr(spec, key) for key in ("kernel", "stride", "pool")}
    along = {key: (value, 1) for key, value in numbers.items() if isinstance(value, int)}
    return spec.model_copy(update=along)


def check_classes(spec: NetworkSpec, classes: int) -> None:
    """Raise NetworkError where the output does not suit the number of classes."""
    if spec.output == "sigmoid" and classes != 2:  # noqa: PLR2004 - what binary means
        raise NetworkError(
            f'output = "sigmoid" is one unit that tells two classes apart, but the data has '
            f'{classes}: use output = "softmax", or choose two classes',
            key="output",
        )
    if classes < 2:  # noqa: PLR2004 - there is nothing to tell apart
        raise NetworkError(f"a classifier needs at least two classes, the data has {classes}")


def _convnet(spec: NetworkSpec, channels: int) -> list[AnyLayer]:
    """channels: of the images."""
    if not spec.filters:
        raise NetworkError(
            "a convnet needs at least one convolution: list its `filters`, or use "
            'architecture = "dense"',
            key="filters",
        )
    if spec.residual and spec.padding == "valid" and pair(spec.kernel) != (1, 1):
        raise NetworkError(
            "residual = true adds what goes into a block to what comes out, which "
            'padding = "valid" makes smaller: set padding = "same"',
            key="padding",
        )
    if spec.stochastic_depth and not spec.residual:
        raise NetworkError(
            "stochastic_depth leaves out what a residual block adds to its input, and there is "
            "none: set residual = true, or use dropout",
            key="stochastic_depth",
        )
    layers: list[AnyLayer] = []
    for index, filters in enumerate(spec.filters):
        downsamples = spec.downsampling != "none" and (
            spec.final_pool or index < len(spec.filters) - 1
        )
        left_out = spec.stochastic_depth * (index + 1) / len(spec.filters)
        layers += block(spec, layers, channels, filters, downsamples=downsamples, left_out=left_out)
        channels = filters
    layers.append(_HEADS[spec.head]())
    return [*layers, *_hidden_dense(spec)]


def _hidden_dense(spec: NetworkSpec) -> Iterator[AnyLayer]:
    for units in spec.dense:
        yield Dense(units=units, activation=spec.activation, l1=spec.l1, l2=spec.l2)
        if spec.dropout:
            yield Dropout(rate=spec.dropout)


def _blame(error: NetworkError, spec: NetworkSpec, network: Network) -> NetworkError:
    """The error with the key and the words of the architecture that the user wrote."""
    if spec.architecture != "layers":
        return error
    try:
        shapes = layer_shapes(network.model_copy(update={"layers": spec.layers}))
    except NetworkError:
        return NetworkError(str(error), key="layers")
    shape = shapes[-1] if shapes else network.input_shape
    return NetworkError(
        f"`layers` ends in a map of {describe_shape(shape)}, but the output that is added takes a "
        'vector: end with { type = "flatten" } or { type = "global_average_pool" }',
        key="layers",
    )
