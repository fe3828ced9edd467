"""Convolution (cross-correlation, as every framework has it) with bias and activation."""

from __future__ import annotations

from abc import abstractmethod
from typing import TypeVar

import numpy as np

from cnnbench.network.layers import Conv, Convolution, DepthwiseConv
from cnnbench.testing.reference.activations import FUNCTIONS
from cnnbench.testing.reference.node import Array, ReferenceNode
from cnnbench.testing.reference.windows import Windows

C = TypeVar("C", bound=Convolution)


class ConvolutionNode(ReferenceNode[C]):
    """What both convolutions have in common; the kernel is not flipped."""

    trainable = ("kernel", "bias")
    windows = Windows

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002 - same in both
        """Every window times the kernel, plus the bias, through the activation."""
        layer = self.layer
        self.place = self.windows(
            x.shape, layer.kernel, layer.stride, layer.padding, layer.dilation
        )
        self.views = self.place.view(self.place.pad(x, 0.0))
        self.scores = self.weigh() + self.arrays.get("bias", 0.0)
        return FUNCTIONS[layer.activation][0](self.scores)

    def backward(self, slope: Array) -> Array:
        """The kernel's gradient sums over all windows; each pixel's over the windows it is in."""
        slope = FUNCTIONS[self.layer.activation][1](self.scores, slope)
        self.gradients["bias"] = slope.sum(axis=(0, 1, 2))
        return self.place.add_back(self.weigh_back(slope))

    @abstractmethod
    def weigh(self) -> Array:
        """The views times the kernel, summed over each window."""

    @abstractmethod
    def weigh_back(self, slope: Array) -> Array:
        """Fills the kernel's gradient; returns that by the views."""


class ConvNode(ConvolutionNode[Conv]):
    """kernel: (height, width, in / groups, out); the first outputs are those of the first group."""

    def weigh(self) -> Array:
        """Each group apart."""
        sums: Array = np.einsum(
            "nxygckl,klcgf->nxygf", self.grouped_views(), self.grouped_kernel(), optimize=True
        )
        joined: Array = sums.reshape(*sums.shape[:3], -1)
        return joined

    def weigh_back(self, slope: Array) -> Array:
        """Each group apart."""
        slope = slope.reshape(*slope.shape[:3], self.layer.groups, -1)
        views, kernel = self.grouped_views(), self.grouped_kernel()
        gradient = np.einsum("nxygckl,nxygf->klcgf", views, slope, optimize=True)
        self.gradients["kernel"] = gradient.reshape(self.arrays["kernel"].shape)
        slopes: Array = np.einsum("nxygf,klcgf->nxygckl", slope, kernel, optimize=True)
        joined: Array = slopes.reshape(self.views.shape)
        return joined

    def grouped_views(self) -> Array:
        """Shape (n, rows out, columns out, groups, in / groups, window height, window width)."""
        n, rows, columns, channels, *window = self.views.shape
        groups = self.layer.groups
        return self.views.reshape(n, rows, columns, groups, channels // groups, *window)

    def grouped_kernel(self) -> Array:
        """Shape (height, width, in / groups, groups, out / groups)."""
        kernel = self.arrays["kernel"]
        return kernel.reshape(*kernel.shape[:3], self.layer.groups, -1)


class DepthwiseConvNode(ConvolutionNode[DepthwiseConv]):
    """kernel: (height, width, in, 1)."""

    def weigh(self) -> Array:
        """Each channel apart."""
        sums: Array = np.einsum(
            "nxyckl,klc->nxyc", self.views, self.arrays["kernel"][..., 0], optimize=True
        )
        return sums

    def weigh_back(self, slope: Array) -> Array:
        """Each channel apart."""
        gradient = np.einsum("nxyckl,nxyc->klc", self.views, slope, optimize=True)
        self.gradients["kernel"] = gradient[..., None]
        slopes: Array = np.einsum(
            "nxyc,klc->nxyckl", slope, self.arrays["kernel"][..., 0], optimize=True
        )
        return slopes
