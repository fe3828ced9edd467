"""What a pretrained base is: a network, and arrays that somebody trained for it before."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from cnnbench.data.passes.scaling import InputScaling
from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Availability
from cnnbench.pretrained.found import PublishedAccuracy


class PretrainedBase(ABC):
    """A network trained on other images, to be reused below a new head.

        class Photos(PretrainedBase):
            name = "photos"
            description = "MobileNet as Keras trained it"
            trained_on = "ImageNet-1k"
            licence = "Apache-2.0"
            scaling = SCALINGS["keras"]

            def check(self):
                return Availability(available=True)

            def network(self, input_shape):
                return BASES["mobilenet"](input_shape)

            def weights(self):
                with np.load("photos.npz") as arrays:
                    return dict(arrays)

    The base says what is computed and hands out numbers, so that every backend starts from the
    same. Scaling belongs to the arrays: others for the same network may have been trained on other
    values.

    A recipe asks for it by its name, `[transfer] base = "photos"`, with every strategy, on every
    backend; a name that a published network has is refused.
    """

    name: ClassVar[str]
    """As a recipe names it, "photos"."""
    description: ClassVar[str] = ""
    """One line for `cnnbench plugins`."""
    trained_on: ClassVar[str]
    """The images that the arrays were trained on: "ImageNet-1k"."""
    licence: ClassVar[str]
    """Of the arrays, "Apache-2.0"; "not stated" where the publisher doesn't say."""
    scaling: ClassVar[InputScaling]
    """What the arrays take: one of `SCALINGS`, or numbers of their own."""
    channels: ClassVar[int] = 3
    """Of the images that its network takes; grey ones are given to each of them."""
    points: ClassVar[tuple[str, ...]] = ()
    """The first layer of each block of its network, in order: what `unfreeze_last` counts.

    `POINTS` has those of published networks by name. Without them a recipe has to name the layer.
    """
    accuracy: ClassVar[PublishedAccuracy | None] = None
    """What was measured with these arrays, None where nobody published it."""

    @abstractmethod
    def check(self) -> Availability:
        """Whether its arrays are on this machine, found without reading them."""

    @abstractmethod
    def network(self, input_shape: tuple[int, int, int]) -> Network:
        """The network for images of (height, width, channels), without its head: "features".

        It ends in a map, as heads take it. Raises NetworkError for images that it can't take.
        `BASES` has published ones by name.
        """

    @abstractmethod
    def weights(self) -> Weights:
        """Every array of the network by its canonical name, in the canonical layout.

        They don't depend on the size of the images. Raises PluginError if they are not on this
        machine.
        """
