"""What is looked into: a trained network, and how images become what it takes."""

from __future__ import annotations

from dataclasses import dataclass

from cnnbench.errors import OptionsError, did_you_mean
from cnnbench.network.network import Network, Weights
from cnnbench.winner.folder import Winner
from cnnbench.winner.preprocessing import Preprocessing


@dataclass(frozen=True, slots=True)
class Subject:
    """A trained network.

    title: what it is, in words. classes: () of a base without classifier, which tells none apart.
    trained_by: a backend, "" where cnnbench did not train it.
    """

    title: str
    network: Network
    weights: Weights
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    trained_by: str = ""

    @classmethod
    def of_winner(cls, winner: Winner) -> Subject:
        """The network that `cnnbench pick` saved."""
        found = winner.description
        title = f"the network in {winner.folder}"
        return cls(
            title, winner.network, winner.weights, found.classes, found.preprocessing, found.backend
        )

    def class_number(self, name: str | None) -> int | None:
        """The place of a class, None for None. Raises OptionsError for a name that none has."""
        if name is None:
            return None
        if not self.classes:
            raise OptionsError(f"{self.title} has no classifier, and so no class {name!r}")
        if name not in self.classes:
            rest = did_you_mean(name, self.classes, "classes")
            raise OptionsError(f"{self.title} knows no class {name!r}{rest}")
        return self.classes.index(name)
