"""Loading a recipe: read, merge, validate; every mistake is reported at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cnnbench.errors import PluginError, Problem, RecipeError, nearest
from cnnbench.recipe.blame import Candidate
from cnnbench.recipe.check import Checker, FindSource
from cnnbench.recipe.compose import Draft, compose
from cnnbench.recipe.document import Unreadable, read_chain
from cnnbench.recipe.file import Header
from cnnbench.recipe.overrides import read_overrides
from cnnbench.recipe.setting import Setting
from cnnbench.recipe.spec import Configuration, Recipe, Variant
from cnnbench.recipe.validate import validate


def load_recipe(
    path: str | os.PathLike[str],
    *,
    overrides: Sequence[str] = (),
    data: str | None = None,
    find_source: FindSource,
) -> Recipe:
    """The recipe in a file, ready to run.

    overrides: "training.epochs=3", in force over everything the file says, variants included.
    data: a source in place of the recipe's. find_source: from a source's name to the source, raises
    PluginError. Raises RecipeError with every problem found.
    """
    file = os.fspath(path)
    changes, problems = read_overrides(overrides, data)
    try:
        documents = read_chain(file)
    except Unreadable as unreadable:
        raise RecipeError([unreadable.problem, *problems]) from None
    draft, found = compose(documents, changes)
    problems += found
    header = validate(Header, draft.header)
    problems += header.problems
    candidates = _candidates(draft, find_source)
    for candidate in candidates:
        problems += [_placed(problem, file) for problem in candidate.validated.problems]
    checker = Checker(find_source)
    valid = [candidate for candidate in candidates if candidate.validated.value is not None]
    problems += checker.check(valid, file)
    about = header.value
    in_matrix = any(problem.key.startswith("matrix") for problem in found)
    if about is not None and about.baseline is not None and not in_matrix:
        problems += _check_baseline(draft, about.baseline)
    if not problems:
        problems += checker.repeated(valid, file)
    if problems or about is None:
        raise RecipeError(_in_order(problems, [document.file for document in documents[::-1]]))
    return Recipe(
        name=Path(file).stem,
        title=about.title,
        description=about.description,
        replicates=about.replicates,
        seed=about.seed,
        baseline=about.baseline or draft.entries[0].name,
        variants=tuple(
            Variant(
                name=candidate.entry.name,
                description=candidate.entry.description,
                configuration=candidate.configuration,
                settings=candidate.settings,
            )
            for candidate in candidates
        ),
    )


def _candidates(draft: Draft, find_source: FindSource) -> list[Candidate]:
    candidates = []
    for entry in draft.entries:
        settings = draft.settings_of(entry)
        source = settings.get(("data", "source"))
        if source is not None:
            settings["data", "source"] = _anchored(source, find_source)
        candidates.append(Candidate(entry, settings, validate(Configuration, settings)))
    return candidates


def _anchored(source: Setting, find_source: FindSource) -> Setting:
    """A source with its path made absolute: in a recipe it is relative to the recipe's folder."""
    if not isinstance(source.value, str):
        return source
    name, colon, argument = source.value.partition(":")
    try:
        takes_path = find_source(name).argument == "PATH"
    except PluginError:
        return source  # reported with its line by the checker
    if not argument or not takes_path:
        return source
    path = os.path.normpath(source.folder / Path(argument).expanduser())
    return replace(source, value=f"{name}{colon}{path}")


def _placed(problem: Problem, file: str) -> Problem:
    """A problem of a key that is missing belongs to the recipe itself."""
    return problem if problem.file else replace(problem, file=file)


def _check_baseline(draft: Draft, baseline: str) -> list[Problem]:
    names = [entry.name for entry in draft.entries]
    if baseline in names:
        return []
    near = nearest(baseline, names)
    meant = f"; did you mean {near!r}?" if near else ";"
    message = f"there is no variant {baseline!r}{meant} variants: {', '.join(names)}"
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
