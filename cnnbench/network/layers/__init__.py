"""The layers a network is made of, as frozen values that every backend reads: a file a family.

A layer type is one class that knows the facts about itself: parameters, output shape, arrays,
FLOPs, what a unit sees, how it is called in a table. See `cnnbench.network.layers.base`.
"""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from cnnbench.network.layers.activation import Activate, Activation
from cnnbench.network.layers.base import (
    INPUT,
    LAYER_NAME,
    Array,
    Count,
    Layer,
    Name,
    Pair,
    Shape,
    View,
    describe_shape,
)
from cnnbench.network.layers.convolution import Conv, Convolution, DepthwiseConv
from cnnbench.network.layers.dense import Dense, Flatten
from cnnbench.network.layers.dropout import Dropout, Dropping, Rate, StochasticDepth
from cnnbench.network.layers.joining import Add, Concatenate, Multiply
from cnnbench.network.layers.normalization import BatchNorm, Rescaling
from cnnbench.network.layers.padding import ZeroPadding
from cnnbench.network.layers.pooling import GlobalAveragePool, GlobalMaxPool, Pool
from cnnbench.network.layers.weighted import Penalty
from cnnbench.network.layers.window import Padding, Window, Windowed, padding_of, window_count

__all__ = [
    "INPUT",
    "LAYERS",
    "LAYER_NAME",
    "LAYER_OPTIONS",
    "LAYER_TYPES",
    "Activate",
    "Activation",
    "Add",
    "AnyLayer",
    "Array",
    "BatchNorm",
    "Concatenate",
    "Conv",
    "Convolution",
    "Count",
    "Dense",
    "DepthwiseConv",
    "Dropout",
    "Dropping",
    "Flatten",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "Layer",
    "Multiply",
    "Name",
    "Padding",
    "Pair",
    "Penalty",
    "Pool",
    "Rate",
    "Rescaling",
    "Shape",
    "StochasticDepth",
    "View",
    "Window",
    "Windowed",
    "ZeroPadding",
    "describe_shape",
    "padding_of",
    "window_count",
]

_Any = (
    Conv
    | DepthwiseConv
    | Pool
    | GlobalAveragePool
    | GlobalMaxPool
    | BatchNorm
    | Rescaling
    | Activate
    | Dropout
    | StochasticDepth
    | Flatten
    | Dense
    | ZeroPadding
    | Add
    | Concatenate
    | Multiply
)
AnyLayer = Annotated[_Any, Field(discriminator="type")]
LAYERS: tuple[type[Layer], ...] = get_args(_Any)
"""Every layer type."""
LAYER_TYPES: frozenset[str] = frozenset(x.model_fields["type"].default for x in LAYERS)
LAYER_OPTIONS: frozenset[str] = frozenset().union(*(layer.optional for layer in LAYERS))
"""Parameters that a backend may lack."""
