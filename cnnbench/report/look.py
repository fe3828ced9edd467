"""What `cnnbench look` says beside its picture."""

from __future__ import annotations

from rich.console import Console

from cnnbench.planning.preview import Preview
from cnnbench.report.printable import printable
from cnnbench.report.run import plural, print_images, print_notes

_NOTHING = "the source noted no duplicates, unreadable files or extreme sizes"


def print_look(console: Console, preview: Preview) -> None:
    """What the images are, which variants augment them, and what is to be known of the files."""
    print_images(console, preview.lines)
    names = [name for draws in preview.draws for name in draws.variants]
    counted = f"{len(names)} of {plural(len(preview.recipe.variants), 'variant')}"
    listed = f": {', '.join(names)}" if names else ""
    console.print(
        printable(f"augmented in {counted}{listed}"), highlight=False, markup=False, soft_wrap=True
    )
    print_notes(console, preview.notes or [_NOTHING])
