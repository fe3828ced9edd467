"""Who gets a name that plugins bring: whoever brings it alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cnnbench.loading.found import DISABLE, TRACKER, Found, Kind, Origin


@dataclass(frozen=True, slots=True)
class Contested:
    """A name that several plugins bring. None of them gets it: neither has the better claim."""

    kind: Kind
    name: str
    origins: tuple[Origin, ...]

    @property
    def reason(self) -> str:
        """Who brings it, and how to choose one, in a sentence."""
        claims = " and ".join(str(origin) for origin in self.origins)
        ways = " or ".join(f"{DISABLE}={name}" for name in self._switches())
        return (
            f"the {self.kind.word} {self.name!r} is brought by {claims}, and none of them is used; "
            f"switch off all but one: {ways}"
        )

    def _switches(self) -> Iterable[str]:
        points = [origin.entry_point for origin in self.origins]
        for origin in self.origins:
            alone = points.count(origin.entry_point) == 1
            yield origin.entry_point if alone else origin.distribution


def settle(found: Iterable[Found]) -> tuple[tuple[Found, ...], tuple[Contested, ...]]:
    """What has its name to itself, and the names that several plugins bring, in the order found.

    Trackers keep theirs: nobody asks for them by name.
    """
    claims: dict[tuple[Kind, str], list[Found]] = {}
    alone: list[Found] = []
    for one in found:
        if one.kind is TRACKER:
            alone.append(one)
        else:
            claims.setdefault((one.kind, one.name), []).append(one)
    contested = []
    for (kind, name), claimants in claims.items():
        if len(claimants) == 1:
            alone += claimants
        else:
            contested.append(Contested(kind, name, tuple(one.origin for one in claimants)))
    return tuple(alone), tuple(contested)
