"""What `cnnbench look` says beside its picture."""

from __future__ import annotations

import csv
import io

from rich.console import Console

from cnnbench.planning.preview import Preview
from cnnbench.report.printable import printable
from cnnbench.report.run import plural, print_images, print_notes

_SETS, _NAMES = 20, 5
"""How many sets of images that are almost alike are listed, and how many images of each."""
_NOTHING = "the source noted no duplicates, unreadable files or extreme sizes"


def print_look(console: Console, preview: Preview) -> None:
    """What the images are, which variants augment them, and what is to be known of the files."""
    print_images(console, preview.lines)
    names = [name for draws in preview.draws for name in draws.variants]
    counted = f"{len(names)} of {plural(len(preview.recipe.variants), 'variant')}"
    listed = f": {', '.join(names)}" if names else ""
    _print_line(console, f"augmented in {counted}{listed}")
    print_notes(console, preview.notes or [_NOTHING])
    for alike in preview.alike[:_SETS]:
        more = f" and {len(alike) - _NAMES:,} more" if len(alike) > _NAMES else ""
        _print_line(console, f"almost alike: {', '.join(alike[:_NAMES])}{more}")
    if (more_sets := len(preview.alike) - _SETS) > 0:
        _print_line(console, f"and {more_sets:,} more sets of images that are almost alike")


def groups_table(preview: Preview) -> str:
    """The images that look almost alike, as a table for data.groups."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["path", "group"])
    for number, names in enumerate(preview.alike, 1):
        writer.writerows([name, number] for name in names)
    return file.getvalue()


def _print_line(console: Console, line: str) -> None:
    console.print(printable(line), highlight=False, markup=False, soft_wrap=True)
