"""cnnbench: which CNN technique is worth it on a small image data set, and at what cost.

    import cnnbench

    records = cnnbench.run("recipes/small_data.toml", backend="torch")
    frame = cnnbench.compare("results/")
    classes = cnnbench.Predictor("winner").predict(["cat.jpg"])  # after cnnbench pick

Importing it imports neither pandas nor a deep-learning framework.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

    from cnnbench.plugin.executor import Listener
    from cnnbench.results.record import Record
    from cnnbench.winner.predictor import Predictor

    __version__: str

__all__ = ["Predictor", "__version__", "compare", "run"]

PathText = str | PathLike[str]


def __getattr__(name: str) -> Any:
    if name == "Predictor":
        from cnnbench.winner.predictor import Predictor

        return Predictor
    if name == "__version__":  # looking it up takes a quarter of what `cnnbench --help` does
        from importlib.metadata import version

        return version("cnnbench")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def run(
    recipe: PathText,
    backend: str | Sequence[str] | None = None,
    *,
    data: PathText | None = None,
    overrides: Mapping[str, Any] | None = None,
    results: PathText = "results",
    device: Literal["auto", "cpu", "gpu"] = "auto",
    jobs: int | None = None,
    executor: str = "local",
    timeout: float | None = None,
    budget: float | str | None = None,
    force: bool = False,
    save_weights: bool = False,
    stack: int = 1,
    progress: bool | Listener | None = None,
) -> list[Record]:
    """Run what is missing of a recipe; return the newest record of each of its trials.

    backend: one or several names, by default the only one that can run here. data: other images, a
    source such as "npz:digits.npz" or a folder. overrides: dotted keys and their values,
    {"training.epochs": 3}. jobs: trials at a time, by default one a core, and one
    on a GPU. timeout: seconds a trial may take. budget: seconds, or "20min", after which no further
    replicate begins. save_weights: keep the arrays of each trained
    network beside its record. stack: replicates of a variant to train as one program, where the
    backend can. progress: shown on terminals and in notebooks; True
    shows it anywhere, False nowhere, and a function hears each `cnnbench.plugin.Event` instead.
    A trial that fails is a record with its reason.
    Raises cnnbench.errors.CnnbenchError for a request that is wrong.
    """
    from cnnbench import arguments
    from cnnbench.execution.budget import Budget, read_budget
    from cnnbench.execution.rounds import due_of
    from cnnbench.execution.run import run_prepared
    from cnnbench.installed import installed_plugins
    from cnnbench.planning.prepare import RunOptions, prepare
    from cnnbench.report.ended import ended_runs
    from cnnbench.report.watch import watch, watch_reading

    asked = arguments.a_listener("progress", progress)
    folder = arguments.a_path("results", results)
    options = RunOptions(folder, device, jobs, executor, timeout, force, save_weights, stack)
    spending = Budget(read_budget(budget) if isinstance(budget, str) else budget)
    plugins = installed_plugins()
    with watch_reading(asked) as watcher:
        prepared = prepare(
            arguments.a_path("recipe", recipe),
            arguments.names("backend", backend),
            plugins,
            options,
            overrides=arguments.a_mapping("overrides", overrides),
            data=arguments.a_source("data", data),
            watch=watcher,
        )
    due = [trial for due in due_of(prepared, anew=force) for trial in due.next]
    with watch(asked, due) as view:
        ran = run_prepared(prepared, plugins, options, view.hear, spending)
    for ended in ended_runs(prepared) if ran.trained else ():
        plugins.notify(ended)
    return prepared.records()


def compare(
    *paths: PathText | Sequence[PathText],
    baseline: str | None = None,
    metric: str = "accuracy",
    by: Literal["variant", "backend"] = "variant",
    split: Literal["test", "validation"] = "test",
    curve: str | None = None,
) -> pd.DataFrame:
    """Compare recorded variants with their baseline, paired by replicate: one row a variant.

    paths: results folders or records files, also as a list of them, "results" if none. metric: as
    `cnnbench compare --metric`. by: "backend" compares the backends for the same variant. split: of
    the images that the metric is taken on. curve: a key that is a number, such as data.train:
    techniques are compared at equal numbers. What limits the comparison stands in `attrs["notes"]`.
    Raises cnnbench.errors.CnnbenchError where nothing can be compared.
    """
    from cnnbench import arguments
    from cnnbench.comparison.frame import compare_frame

    arguments.a_text("by", by)
    found = [path for given in paths or ["results"] for path in arguments.paths("paths", given)]
    return compare_frame(
        found,
        baseline=None if baseline is None else arguments.a_text("baseline", baseline),
        metric=arguments.a_text("metric", metric),
        by=by,
        split=arguments.a_text("split", split),
        curve=None if curve is None else arguments.a_text("curve", curve),
    )
