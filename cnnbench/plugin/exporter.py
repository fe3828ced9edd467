"""What an exporter is: it writes a trained network in the format of other programs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Availability


class Exporter(ABC):
    """A file format of trained networks, for `cnnbench export FOLDER -o FILE.NAME`.

        class Archive(Exporter):
            name = "npz"
            description = "the arrays alone, for NumPy"

            def check(self):
                return Availability(available=True)

            def export(self, network, weights, path):
                np.savez(path, **weights)

    Images go in as they are, in 0..255: how they are scaled is part of the network that is given.
    """

    name: ClassVar[str]
    """The suffix of its files without the dot, in lower case: "keras"."""
    description: ClassVar[str] = ""
    """One line for `cnnbench plugins`."""

    @abstractmethod
    def check(self) -> Availability:
        """Whether it can write here, found without importing a framework."""

    @abstractmethod
    def export(self, network: Network, weights: Weights, path: Path) -> None:
        """Write a file that computes probabilities, in float32.

        The file takes images as float32 in 0..255, (n, height, width, channels), any n, and gives
        what `Model.predict` does: probabilities of the classes, (n, units), after the softmax, or
        after the sigmoid of a single unit, which scores the second class. It can be read where
        cnnbench is not installed. path: a new file, which ends in the suffix. Raises PluginError
        where the format can't hold the network.
        """
