"""What a user is told about photos that show nearly the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray


def apart(pairs: NDArray[np.int64], groups: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """The pairs, (m, 2), that no group keeps together. groups: of all images, None without."""
    if groups is None:
        return pairs
    parted: NDArray[np.int64] = pairs[groups[pairs[:, 0]] != groups[pairs[:, 1]]]
    return parted


def alike_notes(pairs: NDArray[np.int64], names: Sequence[str]) -> Iterator[str]:
    """How many images there are that look almost like another, with the nearest two."""
    if not len(pairs):
        return
    first, second = (names[row] for row in pairs[0].tolist())
    yield (
        f"{len(np.unique(pairs)):,} images look almost like another (nearest: {first} and "
        f"{second}): where one trains and the other is tested, results look better than they are; "
        "`cnnbench look` lists them, and data.groups keeps images together."
    )


def sets_of(pairs: NDArray[np.int64]) -> list[list[int]]:
    """Rows that pairs join, directly or through others, in the order of their first pairs."""
    home: dict[int, list[int]] = {}
    for first, second in pairs.tolist():
        ours, theirs = home.get(first, [first]), home.get(second, [second])
        if ours is not theirs:
            ours += theirs
        for row in ours:
            home[row] = ours
    distinct = {id(rows): rows for rows in home.values()}
    first_met = {row: place for place, row in enumerate(dict.fromkeys(pairs.ravel().tolist()))}
    rows_of = [sorted(rows) for rows in distinct.values()]
    return sorted(rows_of, key=lambda rows: min(first_met[row] for row in rows))
