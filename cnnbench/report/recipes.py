"""The table of `cnnbench recipes`."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnnbench.recipe.document import read_document
from cnnbench.recipe.shipped import shipped_recipes


def print_recipes(console: Console) -> None:
    """The name and the title of every recipe that comes with cnnbench."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, path in shipped_recipes().items():
        title = read_document(str(path)).table.get("title", "")
        table.add_row(Text(name, style="bold"), Text(title))
    console.print(table)
    console.print("\nRun one by its name:  cnnbench run small_data", soft_wrap=True)
    console.print("Write one to edit:    cnnbench recipes small_data --copy", soft_wrap=True)
