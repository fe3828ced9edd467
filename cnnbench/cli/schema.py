"""`cnnbench schema`: the JSON Schema of recipes, for editors."""

from __future__ import annotations

import typer


def schema() -> None:
    """Print the JSON Schema of recipes, with which editors complete and check them.

    Begin a recipe with the line `#:schema PATH` to name the file that it was written to.
    """
    import json

    from cnnbench.recipe.schema import recipe_schema

    typer.echo(json.dumps(recipe_schema(), indent=2, ensure_ascii=False))
