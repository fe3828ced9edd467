"""Convolution (cross-correlation, as every framework has it) with bias and activation."""

from __future__ import annotations

import numpy as np

from cnnbench.network.layers import Conv
from cnnbench.testing.reference.activations import FUNCTIONS
from cnnbench.testing.reference.node import Array, Node
from cnnbench.testing.reference.windows import Windows


class ConvNode(Node[Conv]):
    """kernel: (height, width, in, out); the kernel is not flipped."""

    trainable = ("kernel", "bias")
    windows = Windows

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002 - same in both
        """Every window times the kernel, plus the bias, through the activation."""
        layer = self.layer
        self.place = self.windows(x.shape, layer.kernel, layer.stride, layer.padding)
        self.views = self.place.view(self.place.pad(x, 0.0))
        self.scores = (
            np.einsum("nxyckl,klcf->nxyf", self.views, self.arrays["kernel"], optimize=True)
            + self.arrays["bias"]
        )
        return FUNCTIONS[layer.activation][0](self.scores)

    def backward(self, slope: Array) -> Array:
        """The kernel's gradient sums over all windows; each pixel's over the windows it is in."""
        slope = slope * FUNCTIONS[self.layer.activation][1](self.scores)
        self.gradients["kernel"] = np.einsum("nxyckl,nxyf->klcf", self.views, slope, optimize=True)
        self.gradients["bias"] = slope.sum(axis=(0, 1, 2))
        slopes = np.einsum("nxyf,klcf->nxyckl", slope, self.arrays["kernel"], optimize=True)
        return self.place.add_back(slopes)
