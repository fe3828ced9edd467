"""Loading a recipe: read, merge, validate; every mistake is reported at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from cnnbench.errors import Problem, RecipeError, did_you_mean, nearest
from cnnbench.network.bases.offered import PUBLISHED, OfferedBases
from cnnbench.recipe.anchor import anchored, anchored_groups, given_source
from cnnbench.recipe.blame import Candidate
from cnnbench.recipe.check import Checker, FindSource
from cnnbench.recipe.compose import Draft, compose
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.document import Unreadable, read_chain
from cnnbench.recipe.file import SECTIONS, Header
from cnnbench.recipe.overrides import Overrides, read_overrides
from cnnbench.recipe.pretraining import (
    Pretraining,
    pretraining_problems,
    settings_of_base,
    with_bases,
)
from cnnbench.recipe.setting import Key, Setting, dotted, merge
from cnnbench.recipe.shipped import recipe_file
from cnnbench.recipe.spec import Recipe, Variant
from cnnbench.recipe.validate import validate

TRIALS = 100_000
"""Of a recipe; training that many takes days, planning more takes minutes."""
ENOUGH = 10_000
"""Mistakes after which no further variant is looked at; many variants may inherit many."""


def load_recipe(
    path: str | os.PathLike[str],
    *,
    overrides: Overrides = (),
    data: str | Path | None = None,
    find_source: FindSource,
    bases: OfferedBases = PUBLISHED,
) -> Recipe:
    """The recipe in a file, or of a name that comes with cnnbench, ready to run.

    overrides: "training.epochs=3" or {"training.epochs": 3}, in force over everything the file
    says, variants included. data: a source or a folder in place of the recipe's. find_source: from
    a source's name to the source, raises PluginError. bases: those that `[transfer]` may name.
    Raises RecipeError with every mistake of form or, where there is none, with everything that
    can't be done.
    """
    file = os.fspath(path)
    _refuse_lost_folder(file)
    file = recipe_file(file)
    changes, problems = read_overrides(overrides)
    if data is not None:
        changes["data", "source"] = given_source(data, find_source)
    try:
        documents = read_chain(file)
    except Unreadable as unreadable:
        raise RecipeError([unreadable.problem, *problems]) from None
    _refuse_unfit_name(file)
    files = [document.file for document in documents[::-1]]
    draft, structural = compose(documents, changes)
    problems += structural
    header = validate(Header, draft.header)
    problems += [_placed(problem, file) for problem in header.problems]
    candidates, found = _candidates(draft, file, find_source)
    pretrain, wrong = _pretrainings(draft, file, find_source)
    found += wrong
    # What a section of a wrong name says is no second time missing in the one that is meant.
    meant = {nearest(problem.key, SECTIONS) for problem in structural}
    problems += [x for x in found if x.line or x.key.partition(".")[0] not in meant]
    about = header.value
    if about is not None and about.baseline is not None and not structural:
        problems += _check_baseline(draft, about.baseline)
    if problems or about is None:
        raise RecipeError(_in_order(problems, files))
    # Only now, since what follows from a mistake of form would be a second error for one mistake.
    bases = with_bases(bases, pretrain)
    checker = Checker(find_source, bases)
    problems += checker.check(candidates, file)
    for base in pretrain:
        problems += checker.problems_of_base(base)
    problems += pretraining_problems(pretrain, candidates, checker.facts_of)
    problems += _too_many_trials(draft, about, candidates, file)
    problems += _other_margins(candidates)
    problems += _not_to_be_settled(draft, about, candidates)
    if problems:
        raise RecipeError(_in_order(problems, files))
    rule = about.until_settled
    return Recipe(
        name=Path(file).stem,
        title=about.title,
        description=about.description,
        replicates=about.most_replicates,
        looks=rule.looks if rule else (),
        seed=about.seed,
        baseline=about.baseline or draft.entries[0].name,
        pretrain=tuple(pretrain),
        bases=bases,
        variants=tuple(
            Variant(
                name=candidate.entry.name,
                description=candidate.entry.description,
                published=candidate.entry.published,
                configuration=candidate.configuration,
                settings=candidate.settings,
                entry=candidate.entry,
            )
            for candidate in candidates
        ),
    )


def _refuse_lost_folder(file: str) -> None:
    try:
        Path.cwd()
    except FileNotFoundError:
        message = "the current folder does not exist any more: change to another"
        raise RecipeError([Problem("", message, file)]) from None


def _refuse_unfit_name(file: str) -> None:
    """The recipe's name is that of the folder of its results."""
    name = Path(file).stem
    if not name.strip(". ") or not name.isprintable():
        message = f"{name!r} can't be the name of a folder, as results need: rename the file"
        raise RecipeError([Problem("", message, file)])


def _too_many_trials(
    draft: Draft, about: Header, candidates: Sequence[Candidate], file: str
) -> Iterator[Problem]:
    parts = [candidate.configuration.evaluation.folds or 1 for candidate in candidates]
    trials = about.most_replicates * sum(parts)
    if trials > TRIALS:
        place = draft.header.get(_replicates_key(about, "to"))
        folds = f" in {max(parts):,} folds" if max(parts) > 1 else ""
        message = (
            f"{about.most_replicates:,} replicates of {len(parts):,} variants{folds} make "
            f"{trials:,} trials, more than {TRIALS:,}: ask for fewer replicates, variants or folds"
        )
        yield (place.problem("replicates", message) if place else Problem("", message, file))


def _replicates_key(about: Header, name: str) -> Key:
    return ("replicates", name) if about.until_settled else ("replicates",)


def _not_to_be_settled(
    draft: Draft, about: Header, candidates: Sequence[Candidate]
) -> Iterator[Problem]:
    """Why replicates can't go on until verdicts are settled, at the place of the most."""
    rule = about.until_settled
    if rule is None:
        return
    message = ""
    if rule.most <= rule.first:
        message = (
            f"the most, {rule.most}, is not above the first look, {rule.first}: give more, or a "
            f"fixed number, replicates = {rule.most}"
        )
    elif len(candidates) == 1:
        message = "there is one variant only, and so no verdict to settle: give a fixed number"
    elif any(candidate.configuration.evaluation.folds for candidate in candidates):
        message = (
            "folds share their training images, for which no rule of when to stop is known to "
            "hold: leave out evaluation.folds, or give a fixed number of replicates"
        )
    if message:
        place = draft.header["replicates", "to"]
        yield place.problem("replicates.to", message)


def _other_margins(candidates: Sequence[Candidate]) -> Iterator[Problem]:
    """All verdicts of a study go by one margin."""
    first, *others = candidates
    for candidate in others:
        margin = candidate.configuration.evaluation.margin
        if margin != first.configuration.evaluation.margin:
            key = "evaluation", "margin"
            written = candidate.settings.get(key) or first.settings[key]
            message = (
                "all verdicts of a study go by one margin; give it once, in the [evaluation] that "
                "all variants share"
            )
            yield written.problem(dotted(key), message)


def _candidates(
    draft: Draft, file: str, find_source: FindSource
) -> tuple[list[Candidate], list[Problem]]:
    """The variants with valid values, and what is wrong with those of the others."""
    candidates: list[Candidate] = []
    problems: list[Problem] = []
    for entry in draft.entries:
        settings = _anchored(draft.settings_of(entry), find_source)
        validated = validate(Configuration, settings)
        problems += [_placed(problem, file) for problem in validated.problems]
        if validated.value is not None:
            candidates.append(Candidate(entry, settings, validated.value))
        if len(problems) > ENOUGH:
            break
    return candidates, problems


def _anchored(settings: dict[Key, Setting], find_source: FindSource) -> dict[Key, Setting]:
    """The settings with absolute paths of images and of their groups."""
    if source := settings.get(("data", "source")):
        settings["data", "source"] = anchored(source, find_source)
    if groups := settings.get(("data", "groups")):
        settings["data", "groups"] = anchored_groups(groups)
    return settings


def _pretrainings(
    draft: Draft, file: str, find_source: FindSource
) -> tuple[list[Pretraining], list[Problem]]:
    """The bases that the study trains, and what is wrong with the values of the others."""
    bases: list[Pretraining] = []
    problems: list[Problem] = []
    for entry in draft.pretrain:
        shared = merge(draft.base, draft.overrides)
        settings = _anchored(settings_of_base(shared, entry.settings), find_source)
        validated = validate(Configuration, settings)
        for problem in validated.problems:
            own = any(_touch(problem.key, dotted(key)) for key in entry.settings)
            named = replace(problem, key=f"pretrain.{entry.name}.{problem.key}")
            problems.append(_placed(named if own else problem, file))
        if validated.value is not None:
            bases.append(
                Pretraining(
                    name=entry.name,
                    configuration=validated.value,
                    settings=settings,
                    entry=entry,
                )
            )
    return bases, problems


def _touch(one: str, other: str) -> bool:
    """Whether one of two dotted keys is the other, or stands above it."""
    return one.startswith(other) or other.startswith(one)


def _placed(problem: Problem, file: str) -> Problem:
    """A problem of a key that is missing belongs to the recipe itself."""
    return problem if problem.file else replace(problem, file=file)


def _check_baseline(draft: Draft, baseline: str) -> list[Problem]:
    names = [entry.name for entry in draft.entries]
    if baseline in names:
        return []
    message = f"there is no variant {baseline!r}{did_you_mean(baseline, names, 'variants')}"
    return [draft.header["baseline",].problem("baseline", message)]


def _in_order(problems: Sequence[Problem], files: Sequence[str]) -> list[Problem]:
    """Without repetitions, by file and line; those of the command line come last."""
    return sorted(
        dict.fromkeys(problems),
        key=lambda problem: (
            files.index(problem.file) if problem.file in files else len(files),
            problem.line or 0,
        ),
    )
