"""What a pretrained base is: arrays somebody trained before, under a name that backends know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from cnnbench.network.network import Weights
from cnnbench.plugin.backend import Availability


class PretrainedBase(ABC):
    """A network trained on other images, to be reused below a new head.

    The base hands out numbers, so that every backend starts from the same; how the network computes
    with them is the business of the backends that know the base by its name.

    Recipes have no section for bases yet: what a plugin brings is checked and listed, and nothing
    in cnnbench asks for its weights.
    """

    name: ClassVar[str]
    """As a recipe names it, "vgg16"."""
    description: ClassVar[str] = ""
    """One line for `cnnbench plugins`: what it was trained on, how large it is."""
    smallest: ClassVar[tuple[int, int]]
    """(height, width) in pixels of the smallest image that it takes."""
    channels: ClassVar[int] = 3
    """Of the images that it takes."""

    @abstractmethod
    def check(self) -> Availability:
        """Whether its arrays are on this machine, found without reading them."""

    @abstractmethod
    def weights(self) -> Weights:
        """Every array by its publisher's layer and array name, in the canonical layout.

        Raises PluginError if they are not on this machine.
        """
