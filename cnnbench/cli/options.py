"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cnnbench.cli.completion import complete_key, complete_recipe, complete_source

RESULTS = Path("results")
"""Where records go, and are looked for."""

RecipePath = Annotated[
    Path,
    typer.Argument(
        help="The recipe: a TOML file, or the name of one of `cnnbench recipes`.",
        autocompletion=complete_recipe,
    ),
]
DataSource = Annotated[
    str | None,
    typer.Option(
        help="Other images for the recipe: a folder, or a source, e.g. npz:digits.npz.",
        autocompletion=complete_source,
    ),
]
Download = Annotated[
    bool,
    typer.Option(
        "--download", help="Let catalogues of images, such as hf:, fetch what is not here yet."
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a key: training.epochs=3.",
        autocompletion=complete_key,
    ),
]
ResultPaths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PATH]...", help="Results folders, or files in them. Default: results."
    ),
]
Replace = Annotated[
    bool, typer.Option("--force", help="Let --output replace a file that is there.")
]


def read_device_name(text: str) -> str:
    """What a device's name stands for: `--device cuda` is gpu."""
    from cnnbench.planning.device import read_device

    return read_device(text)


DeviceName = Annotated[
    Literal["auto", "cpu", "gpu"],
    typer.Option(
        parser=read_device_name,
        metavar="DEVICE",
        help="auto, a GPU if there is one; cpu; gpu, or cuda.",
        autocompletion=lambda: ["auto", "cpu", "gpu"],
    ),
]
