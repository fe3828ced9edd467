"""The Typer application: the commands in the order a newcomer meets them."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cnnbench.cli.check import check
from cnnbench.cli.collecting import uncollected
from cnnbench.cli.compare import compare
from cnnbench.cli.describe import describe
from cnnbench.cli.explain import explain
from cnnbench.cli.export import export
from cnnbench.cli.gate import gate
from cnnbench.cli.logs import logged
from cnnbench.cli.look import look
from cnnbench.cli.new import new
from cnnbench.cli.parity import parity
from cnnbench.cli.pick import pick
from cnnbench.cli.plugins import plugins
from cnnbench.cli.predict import predict
from cnnbench.cli.recipes import recipes
from cnnbench.cli.report import report
from cnnbench.cli.run import run
from cnnbench.cli.schema import schema
from cnnbench.cli.wording import in_own_words


class _Commands(TyperGroup):
    """The commands, whose complaints about options are in the words of their user."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Read the words before the command."""
        with in_own_words():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        """Run a command, without the library's words on a wrong value and on an interruption."""
        try:
            with in_own_words():
                return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            for note in getattr(interrupt, "__notes__", ()):  # what was waited for
                typer.echo(f"cnnbench: {note}", err=True)
            raise SystemExit(130) from None  # or, where a signal was it, the code of that


app = typer.Typer(
    name="cnnbench",
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Which CNN technique is worth it on a small image data set, by how much, at what cost.",
)


def _version(requested: bool) -> None:
    if requested:
        from importlib.metadata import version

        typer.echo(f"cnnbench {version('cnnbench')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""


# In the order of `cnnbench --help`.
app.command()(recipes)
app.command()(logged(describe))
app.command()(logged(look))
app.command()(logged(run))
app.command()(logged(uncollected(compare)))
app.command()(logged(report))
app.command()(logged(uncollected(gate)))
app.command()(logged(pick))
app.command()(logged(predict))
app.command()(logged(explain))
app.command()(logged(export))
app.command()(logged(plugins))
app.command()(logged(check))
app.command()(logged(parity))
app.command()(schema)
app.add_typer(new, name="new")
