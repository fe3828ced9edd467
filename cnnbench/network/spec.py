"""The `[network]` section of a recipe: a named architecture with parameters, or explicit layers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cnnbench.network.layers import Activation, AnyLayer, Count, Pair, Penalty, Rate


class NetworkSpec(BaseModel):
    """Parameters that an architecture does not use change nothing, not even a trial's id."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    architecture: Literal["convnet", "dense", "layers"] = Field(
        "convnet",
        description="convnet: convolutions, downsampling, head; dense: no convolution; "
        "layers: the list under `layers`",
    )
    filters: tuple[Count, ...] = Field((32, 64, 64), description="filters of each convolution")
    kernel: Count | Pair = Field(
        3, description="of every convolution: a number, or [height, width]"
    )
    stride: Count | Pair = Field(1, description="of every convolution that does not downsample")
    padding: Literal["valid", "same"] = Field(
        "valid", description="of every convolution; same pads so that stride 1 keeps the size"
    )
    activation: Activation = Field(
        "relu", description="of the convolutions and of the dense layers below the output"
    )
    downsampling: Literal["max", "average", "stride", "none"] = Field(
        "max", description="between convolutions: pooling, convolutions of stride `pool`, nothing"
    )
    pool: Count | Pair = Field(2, description="factor of each downsampling")
    final_pool: bool = Field(False, description="downsample after the last convolution too")
    batch_norm: Literal["none", "before", "after"] = Field(
        "none", description="after each convolution, before or after its activation"
    )
    batch_norm_momentum: float = Field(
        0.99, ge=0, le=1, description="what each training step keeps of the moving statistics"
    )
    separable: bool = Field(
        False, description="each convolution as a depthwise one and one of kernel 1x1"
    )
    residual: bool = Field(
        False, description="add to the output of each convolution's block what went into it"
    )
    stochastic_depth: Rate = Field(
        0.0,
        description="of residual: the chance that what the last block adds is left out for an "
        "image in training; less in the blocks before, in proportion to their place",
    )
    squeeze_excite: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="weigh the channels of each block by what all of them hold, through so many "
        "times fewer units; 0: don't",
    )
    conv_dropout: Rate = Field(0.0, description="after each convolution's block")
    head: Literal["flatten", "global_average", "global_max"] = Field(
        "flatten",
        description="how the last map becomes a vector: all its values, or of each channel the "
        "mean or the largest",
    )
    dense: tuple[Count, ...] = Field(
        (64,), description="units of each dense layer below the output"
    )
    dropout: Rate = Field(0.0, description="after each dense layer below the output")
    l1: Penalty = Field(
        0.0, description="penalty l1 * sum|w| on all kernels below the output, added to the loss"
    )
    l2: Penalty = Field(
        0.0, description="penalty l2 * sum w^2 on all kernels below the output, added to the loss"
    )
    output: Literal["softmax", "sigmoid"] = Field(
        "softmax", description="sigmoid: one unit, for two classes"
    )
    layers: tuple[AnyLayer, ...] = Field(
        (), description="for architecture = layers; the output is added"
    )
