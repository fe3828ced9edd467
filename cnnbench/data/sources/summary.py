"""What is known of the images, in plain sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnnbench.data.sources.source import Facts

FIRST = 10
"""How many classes are named; more would hide a folder that was taken for a class all the same."""


IMAGES = re.compile(r"(?<![\w'\"])image(s?)\b(?!['\"])")
"""The word, but not where it is quoted, as the name of a class is."""


def in_words(text: str, *, signals: bool) -> str:
    """What is said of images, said of signals where it is of these."""
    return IMAGES.sub(r"signal\1", text) if signals else text


def summary_line(facts: Facts, chosen: Sequence[str] | None = None) -> str:
    """Shape, classes, images of each: "40 images of 24x24x3 in 2 classes: cat 20, dog 20".

    Of images that belong together the number of groups, too: "in 2 classes and 12 groups".

    facts: with images told by class. chosen: the classes that are used, all if None.
    """
    names = chosen or facts.classes
    of = {
        split: {name: counts[facts.classes.index(name)] for name in names}
        for split, counts in facts.class_count.items()
    }
    images = sum(sum(counts.values()) for counts in of.values())
    length, _, channels = facts.shape
    things = f"images of {'x'.join(map(str, facts.shape))}"
    if facts.signals:
        things = f"signals of {length:,} values" + (
            f" x {channels} channels" if channels > 1 else ""
        )
    said = f"{images:,} {things} in {len(names):,} classes"
    if groups := group_number(facts, names):
        said += f" and {groups:,} {'group' if groups == 1 else 'groups'}"
    more = f" and {len(names) - FIRST:,} more" if len(names) > FIRST else ""
    listed = ", ".join(
        f"{name} {'+'.join(f'{counts[name]:,}' for counts in of.values())}"
        for name in names[:FIRST]
    )
    splits = f" ({' + '.join(of)})" if len(of) > 1 else ""
    return f"{said}{splits}: {listed}{more}"


def group_number(facts: Facts, names: Sequence[str]) -> int:
    """How many groups hold an image of these classes; 0 where images are in none."""
    places = [facts.classes.index(name) for name in names]
    return sum(any(counts[place] for place in places) for counts in facts.group_count)
