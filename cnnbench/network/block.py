"""The block of a convnet: a convolution and what its recipe puts behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnnbench.network.graph import default_names
from cnnbench.network.layers import (
    INPUT,
    Activate,
    Add,
    AnyLayer,
    BatchNorm,
    Conv,
    DepthwiseConv,
    Dropout,
    GlobalAveragePool,
    Multiply,
    Pair,
    Pool,
    StochasticDepth,
)
from cnnbench.network.spec import NetworkSpec


def block(
    spec: NetworkSpec,
    above: Sequence[AnyLayer],
    channels: int,
    filters: int,
    *,
    downsamples: bool,
    left_out: float,
) -> list[AnyLayer]:
    """A convolution, [batch normalisation], [squeeze and excite], [pooling], [dropout].

    above: the layers above it, none of which has a name. channels: of their output. With `residual`
    what goes in is added before the activation (He et al. 2016, figure 2); a convolution of kernel
    1x1 gives it the shape of what comes out, where that is another. Squeeze and excite stands
    before the sum, else behind the activation. left_out: the rate of stochastic depth of a residual
    block, by Huang et al. (2016), section 3, growing evenly from the first block to the last.
    """
    strided = downsamples and spec.downsampling == "stride"
    stride = pair(spec.pool if strided else spec.stride)
    made = _Layers(above)
    start = made.last
    late = spec.residual or spec.batch_norm == "before"
    made += _convolution(spec, filters, stride, activated=not late)
    if spec.batch_norm == "before" or (spec.batch_norm == "after" and not spec.residual):
        made.append(BatchNorm(momentum=spec.batch_norm_momentum))
    if late and not spec.residual:
        made.append(Activate(function=spec.activation))
    if spec.squeeze_excite:
        _squeeze_excite(made, filters, max(1, filters // spec.squeeze_excite))
    if spec.residual:
        if left_out:
            made.append(StochasticDepth(rate=left_out))
        end = made.last
        if channels != filters or stride != (1, 1):
            made.append(
                Conv(
                    inputs=(start,),
                    filters=filters,
                    kernel=(1, 1),
                    stride=stride,
                    padding=spec.padding,
                    activation="linear",
                    l1=spec.l1,
                    l2=spec.l2,
                )
            )
            start = made.last
        made.append(Add(inputs=(end, start)))
        made.append(Activate(function=spec.activation))
        if spec.batch_norm == "after":
            made.append(BatchNorm(momentum=spec.batch_norm_momentum))
    if downsamples and spec.downsampling in ("max", "average"):
        made.append(Pool(kind=spec.downsampling, size=pair(spec.pool)))
    if spec.conv_dropout:
        made.append(Dropout(rate=spec.conv_dropout))
    return list(made)


class _Layers(list[AnyLayer]):
    """Those of the block so far, which know what the last of them is called."""

    def __init__(self, above: Sequence[AnyLayer]) -> None:
        super().__init__()
        self._above = above

    @property
    def last(self) -> str:
        """The name of the last layer there is."""
        return [INPUT, *default_names([*self._above, *self])][-1]


def _convolution(
    spec: NetworkSpec, filters: int, stride: Pair, *, activated: bool
) -> Iterator[AnyLayer]:
    """Whole, or in two: over each channel alone, then over all (Chollet 2017)."""
    activation = spec.activation if activated else "linear"
    kernel = pair(spec.kernel)
    if spec.separable:
        yield DepthwiseConv(
            kernel=kernel,
            stride=stride,
            padding=spec.padding,
            activation="linear",
            use_bias=False,
            l1=spec.l1,
            l2=spec.l2,
        )
        kernel, stride = (1, 1), (1, 1)
    yield Conv(
        filters=filters,
        kernel=kernel,
        stride=stride,
        padding=spec.padding,
        activation=activation,
        l1=spec.l1,
        l2=spec.l2,
    )


def _squeeze_excite(made: _Layers, filters: int, units: int) -> None:
    """The map times a factor a channel, found from the means of all (Hu, Shen and Sun 2018)."""
    whole = made.last
    made.append(GlobalAveragePool(keepdims=True))
    made.append(Conv(filters=units, kernel=(1, 1), activation="relu"))
    made.append(Conv(filters=filters, kernel=(1, 1), activation="sigmoid"))
    made.append(Multiply(inputs=(whole, made.last)))


def pair(value: int | Pair) -> Pair:
    """A number for both axes, or a number for each."""
    return (value, value) if isinstance(value, int) else value
