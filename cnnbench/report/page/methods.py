"""The methods, in sentences that can be copied into a paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnnbench.comparison.values import Reach
from cnnbench.recipe.training import USED
from cnnbench.report.chapters import Chapter
from cnnbench.report.page.settings import common
from cnnbench.report.run import plural
from cnnbench.report.sentences import has_intervals, looks_of

_VERSIONS = ("cnnbench", "python", "numpy", "opencv")
_TRAINING: Mapping[str, str] = {
    "optimizer": "optimiser {}",
    "momentum": "momentum {}",
    "nesterov": "in Nesterov's form",
    "weight_decay": "weight decay {}",
    "initial_accumulator_value": "sums of squares from {} on",
    "epochs": "at most {} epochs",
    "batch_size": "batches of {}",
    "learning_rate": "learning rate {}",
    "schedule.warmup_epochs": "a warm-up of {} epochs",
    "global_clipnorm": "gradients clipped to a norm of {}",
    "averaging.kind": "weights averaged by {}",
    "label_smoothing": "label smoothing {}",
    "precision": "{}",
}
_SWITCHES = frozenset(
    {"nesterov", "schedule.warmup_epochs", "global_clipnorm", "averaging.kind", "label_smoothing"}
)
"""Keys of which 0, false or "none" means that nothing is done."""


def methods(chapter: Chapter) -> str:
    """What was run, how often, how it was compared, with what, on what."""
    return " ".join(_sentences(chapter))


def command(chapter: Chapter) -> str:
    """What runs the study again, given the recipe's file."""
    parts = [f"cnnbench run {chapter.table.recipe}.toml"]
    parts += [f"--backend {backend}" for backend in chapter.table.backends]
    if chapter.plan:
        parts += [f"--set {_quoted(text)}" for text in chapter.plan.overrides]
    return " ".join(parts)


def machines(chapter: Chapter) -> list[list[tuple[str, str]]]:
    """Each environment of the trials, as names and values."""
    used = dict.fromkeys(record.environment for record in chapter.records)
    return [
        [(name, _value(value)) for name, value in chapter.environments[key].items()]
        for key in used
        if key in chapter.environments
    ]


def _sentences(chapter: Chapter) -> Iterator[str]:
    table = chapter.table
    counts = sorted({tried for row in table.rows if (tried := max(row.n, row.recorded))})
    times = (
        f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}" if counts else "0"
    )
    folds = f", {plural(table.folds, 'fold')} each counted as one" if table.folds else ""
    ran, known = len([row for row in table.rows if row.n or row.recorded]), len(table.rows)
    yield (
        f"{plural(known, 'variant') if ran == known else f'{ran} of {known} variants'} of the "
        f"study {table.recipe} {'was' if ran == 1 else 'were'} trained on "
        f"{' and '.join(table.backends)}, {times} {'time' if times == '1' else 'times'} "
        f"each{folds}."
    )
    if table.images:
        yield f"{table.things.capitalize()}: {table.images}."
    seed = chapter.plan.seed if chapter.plan else None
    yield (
        "Replicate r of all variants shares its split into training, validation and test "
        f"{table.things}, its initial weights and its order of batches; all of them follow from "
        "the recipe's seed"
        f"{'' if seed is None else f', {seed},'} and r, each by a hash of its own."
    )
    if training := _training(chapter):
        yield training
    metric = chapter.measure.metric
    given = f"The {'' if metric.cost else f'{chapter.comparison.split} '}{metric.title} is given as"
    pairs = f"differences to {table.baseline} are taken pair by pair."
    if not metric.constant and not has_intervals(table):
        yield f"{given} mean over replicates, too few for an interval; {pairs}"
    elif not metric.constant:
        what = "two-sided 95 % Student t intervals over replicates"
        if table.folds:
            what += (
                f", corrected for the training {table.things} that folds share (Nadeau and Bengio "
                "2003)"
            )
        yield (
            f"{given} mean and {what}; {pairs} "
            f"{_test(chapter)}{_images(chapter)}Intervals speak of new splits of these "
            f"{table.things} and new initial weights, not of {table.things} from elsewhere."
        )
    yield from _versions(chapter)


def _images(chapter: Chapter) -> str:
    """What makes the intervals of accuracies speak of new images; "" where none do."""
    reaches = {row.reach for row in chapter.table.rows if row.value and row.value.interval}
    if not reaches - {Reach.REPLICATES}:
        return ""
    split, things = chapter.comparison.split, chapter.table.things
    estimated = f"estimated from what several replicates said of the same {things}"
    largest = "taken at its largest, p (1 - p) of an accuracy p"
    if Reach.IMAGES_AT_MOST not in reaches:
        how = estimated
    elif Reach.IMAGES in reaches:
        how = f"{estimated}, and {largest}, where too few such predictions were read"
    else:
        how = f"{largest}, as too few predictions of the same {things} by several replicates"
        how += " were read"
    return (
        f"To the variance of a mean accuracy, s^2/n, that of the {split} {things} is added, which "
        f"all replicates draw from the same pool (crossed random effects; Owen 2007): the variance "
        f"between {things} over their number, {how}; half-widths are put together as by Zou and "
        f"Donner (2008). These intervals hold for new {split} {things} like these, too. "
    )


def _test(chapter: Chapter) -> str:
    """How the verdicts come about, with a space after it; "" where nothing is judged."""
    table = chapter.table
    if not table.family:
        return ""
    looks = looks_of(table)
    test = "Each difference is tested by a two-sided paired t test at a level of 5 %"
    if table.anytime:
        test = (
            "Each difference is tested at a level of 5 % by the paired t test that holds whenever "
            "one looks (Lai 1976; Wang and Ramdas 2023), as replicates were added after a look"
        )
    if table.family > 1:
        test += f", corrected for {table.family} comparisons by Holm's method"
    if looks:
        test += (
            f". Verdicts are taken at looks after {looks} that were planned beforehand, and what "
            "is settled trains no more; the level is spent in proportion to the replicates (Lan "
            "and DeMets 1983), and intervals hold at all looks (Jennison and Turnbull 1989)"
        )
    if table.margin:
        test += f"; the smallest difference of interest is {table.margin.words}"
    return f"{test}. "


def _training(chapter: Chapter) -> str:
    """What all variants have in common, without what their optimiser does not use."""
    of_some: set[str] = set().union(*USED.values())
    shared = common(chapter)
    unused = of_some - USED.get(shared.get("training.optimizer", ""), frozenset())
    said = []
    for key, text in _TRAINING.items():
        value = shared.get(f"training.{key}")
        off = value is None or (key in _SWITCHES and value in (0, "none"))
        if key not in unused and not off:
            said.append(text.format(value))
    return f"Training: {', '.join(said)}." if said else ""


def _versions(chapter: Chapter) -> Iterator[str]:
    used = dict.fromkeys(record.environment for record in chapter.records)
    known = [chapter.environments[key] for key in used if key in chapter.environments]
    for environment in known[:1]:
        versions = [f"{name} {environment[name]}" for name in _VERSIONS if name in environment]
        backend = environment.get("backend_versions")
        if isinstance(backend, dict):
            versions += [f"{name} {version}" for name, version in backend.items()]
        yield f"Versions: {', '.join(versions)}."
        machine = [
            _value(environment[name]) for name in ("device", "cpu", "os") if environment.get(name)
        ]
        if cores := environment.get("cores"):
            machine.append(f"{cores} cores")
        if memory := environment.get("memory_gib"):
            machine.append(f"{memory} GiB of memory")
        yield f"Machine: {', '.join(dict.fromkeys(machine))}."
    if len(used) > 1:
        yield f"Trials ran in {len(used)} environments, of which this is the first."


def _value(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {inner}" for key, inner in value.items())
    return str(value)


def _quoted(text: str) -> str:
    """For a POSIX shell, only where it must be."""
    import shlex

    return shlex.quote(text)
