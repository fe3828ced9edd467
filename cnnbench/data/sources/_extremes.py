"""Images whose files stand out by their size, or suffer from the size that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cnnbench.data.sources._names import some

Size = tuple[int, int]
"""(height, width) in pixels."""
ENLARGED = 2.0
"""How many times an image may be enlarged: beyond it is more interpolated than photographed."""
STRETCHED = 2.0
"""How many times longer one side may become beside the other."""
OUTLYING = 10.0
"""How many times more or fewer pixels than the median an image may have."""


def size_notes(sizes: Sequence[tuple[str, Size]], wanted: Size) -> tuple[str, ...]:
    """A sentence for each kind of extreme size, with a count and the most extreme images.

    sizes: name and size of each file that can be read. wanted: the size that they are brought to.
    """
    if not sizes:
        return ()
    height, width = wanted
    median = float(np.median([tall * wide for _, (tall, wide) in sizes]))

    def enlarged(size: Size) -> float:
        return max(height / size[0], width / size[1]) / ENLARGED

    def stretched(size: Size) -> float:
        ratio = (size[1] / size[0]) / (width / height)
        return max(ratio, 1 / ratio) / STRETCHED

    def outlying(size: Size) -> float:
        ratio = size[0] * size[1] / median
        return max(ratio, 1 / ratio) / OUTLYING

    to = f"to become [{height}, {width}]"
    kinds: tuple[tuple[Callable[[Size], float], str], ...] = (
        (enlarged, f"enlarged more than {ENLARGED:.0f} times {to}"),
        (stretched, f"stretched more than {STRETCHED:.0f} times in one direction {to}"),
        (outlying, f"more than {OUTLYING:.0f} times larger or smaller than the median, in pixels"),
    )
    return tuple(note for excess, what in kinds if (note := _note(sizes, excess, what)))


def _note(sizes: Sequence[tuple[str, Size]], excess: Callable[[Size], float], what: str) -> str:
    found = [(excess(size), name, size) for name, size in sizes if excess(size) > 1]
    if not found:
        return ""
    found.sort(key=lambda item: (-item[0], item[1]))
    named = some([f"{name} ([{tall}, {wide}])" for _, name, (tall, wide) in found])
    are = "is" if len(found) == 1 else "are"
    return f"{len(found):,} of {len(sizes):,} images {are} {what}: {named}."
