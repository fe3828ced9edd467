"""Reading results: damage is reported, never fatal, and nothing is unpickled."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from cnnbench.errors import ResultsError
from cnnbench.results.files import read_lines, read_regular
from cnnbench.results.layout import PLAN, RECORDS, environment_file
from cnnbench.results.lines import RecordLines
from cnnbench.results.record import FORMAT, Plan, Record, Status

LOGGER = logging.getLogger(__name__)

_NAMED_LINES = 5
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RecordedStudy:
    """What one file of records holds, as a rule that of RESULTS/RECIPE/BACKEND.

    records: the newest of each trial, in the order in which the trials were first recorded.
    environments: those that the records name, by key. problems: a sentence each.
    """

    file: Path
    records: tuple[Record, ...]
    plan: Plan | None = None
    environments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where the plan, the histories and the predictions stand."""
        return self.file.parent

    @property
    def place(self) -> Path:
        """What names the study: its folder, or the file where it has a name of its own."""
        return self.folder if self.file.name == RECORDS else self.file


@dataclass(frozen=True, slots=True)
class ResultSet:
    """The studies found, in the order of the paths, below each the nearest first and by name.

    unread: a sentence about each folder that could not be looked into. asked: how many paths.
    image_spreads: the variance between images that comparisons found in stored predictions, by
    folder and trials; None where they do not tell.
    """

    studies: tuple[RecordedStudy, ...]
    unread: tuple[str, ...] = ()
    asked: int = 1
    image_spreads: MutableMapping[tuple[str, ...], float | None] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def records(self) -> tuple[Record, ...]:
        """Those of all studies."""
        return tuple(record for study in self.studies for record in study.records)

    @property
    def problems(self) -> tuple[str, ...]:
        """Those of all studies, and what could not be looked into."""
        return (*self.unread, *(problem for study in self.studies for problem in study.problems))


def read_results(paths: Sequence[Path]) -> ResultSet:
    """Read every file named and every records.jsonl below a folder, each once.

    Raises ResultsError if a path does not exist or if no record is found below any of them.
    """
    files: dict[str, Path] = {}
    unread: dict[str, None] = {}
    for path in paths:
        found, problems = _record_files(path)
        unread |= dict.fromkeys(problems)
        for file in found:
            files.setdefault(os.path.realpath(file), file)  # resolve() fails on a link to itself
    with collector_paused():
        studies = tuple(read_study(file) for file in files.values())
    for study in studies:
        LOGGER.info("%s: %d records", study.file, len(study.records))
    result = ResultSet(studies, tuple(unread), len(paths))
    if not result.records:
        places = ", ".join(str(path) for path in paths) or "no path"
        damage = f" ({'; '.join(result.problems)})" if result.problems else ""
        raise ResultsError(
            f"there are no records in {places}{damage}; "
            "make some with: cnnbench run RECIPE --backend BACKEND"
        )
    return result


def read_study(file: Path) -> RecordedStudy:
    """Read one file of records; what is missing or damaged becomes a problem.

    A plan speaks of the records.jsonl beside it, not of a copy or a part under another name.
    """
    try:
        records, problems = read_records(file)
    except ResultsError as error:
        return RecordedStudy(file, (), problems=(str(error),))
    try:
        plan = read_plan(file.parent) if file.name == RECORDS else None
    except ResultsError as error:
        plan, problems = None, (*problems, str(error))
    environments: dict[str, Mapping[str, Any]] = {}
    for key in dict.fromkeys(record.environment for record in records if record.environment):
        try:
            environments[key] = _read_environment(file.parent, key)
        except ResultsError as error:
            problems = (*problems, str(error))
    return RecordedStudy(file, records, plan, environments, problems)


def read_records(path: Path) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """The newest record of each trial, and a sentence about each kind of damage.

    A line counts when it is a whole record; one torn by a crash never is. No file, no records.
    Raises ResultsError if the file can't be read at all.
    """
    newest, problems = _newest(path, lambda record: record)
    return tuple(newest.values()), problems


def newest_records(folder: Path) -> dict[str, Record]:
    """The newest record of each trial of a study, by its id; otherwise as `read_records`."""
    with collector_paused():
        records, _ = read_records(folder / RECORDS)
    return {record.trial: record for record in records}


def read_statuses(path: Path) -> tuple[dict[str, Status], tuple[str, ...]]:
    """How the newest record of each trial ended, by its id; otherwise as `read_records`.

    A hundred thousand records fill gigabytes; this keeps none of them.
    """
    return _newest(path, lambda record: record.status)


def _newest(path: Path, keep: Callable[[Record], T]) -> tuple[dict[str, T], tuple[str, ...]]:
    """What is kept of the newest record of each trial, and a sentence about each kind of damage."""
    newest: dict[str, T] = {}
    lines = RecordLines()
    damaged: list[int] = []
    newer: list[int] = []
    torn = 0
    try:
        for number, line in enumerate(read_lines(path), start=1):
            if not line.strip():
                continue
            try:
                record = lines.record(line)
            except ValidationError:
                if _is_newer(line):
                    newer.append(number)
                elif line.endswith(b"\n"):
                    damaged.append(number)
                else:
                    torn = number
                continue
            if record.format > FORMAT:
                newer.append(number)
            else:
                newest[record.trial] = keep(record)
    except (FileNotFoundError, NotADirectoryError):
        return {}, ()
    except OSError as error:
        raise ResultsError(f"{path} can't be read: {_reason(error)}") from error
    return newest, tuple(_problems(path, damaged, newer, torn))


def read_plan(folder: Path) -> Plan | None:
    """The study last asked for, None if none was. Raises ResultsError if it can't be read."""
    path = folder / PLAN
    try:
        plan = Plan.model_validate_json(read_regular(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ResultsError(
            f"{path} can't be read, so that missing trials can't be told: {_reason(error)}"
        ) from error
    except ValidationError:
        raise ResultsError(
            f"{path} is damaged, so that missing trials can't be told; running the recipe again "
            "writes it anew"
        ) from None
    if plan.format > FORMAT:
        raise ResultsError(f"{path} was written by a newer cnnbench; update cnnbench to read it")
    return plan


@contextmanager
def collector_paused() -> Iterator[None]:
    """Leave the garbage collector off, also as a decorator.

    Records are many objects and no garbage; looking for some takes 3 of 4 seconds.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _record_files(path: Path) -> tuple[list[Path], list[str]]:
    """The file itself, or the records.jsonl below a folder; and what could not be looked into."""
    try:
        is_folder = path.is_dir()
        if not is_folder and not path.exists():
            raise ResultsError(f"there is no file or folder {path}")
    except OSError as error:  # one above it may not be entered, or its name is too long
        raise ResultsError(f"{path} can't be read: {_reason(error)}") from error
    if not is_folder:
        return [path], []
    problems: list[str] = []
    found = [
        Path(folder, RECORDS)
        for folder, _, files in os.walk(path, onerror=lambda x: problems.append(_unread(x)))
        if RECORDS in files
    ]
    return sorted(found, key=lambda file: (len(file.parts), file)), problems


def _unread(error: OSError) -> str:
    return f"{error.filename} can't be looked into: {_reason(error)}"


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _read_environment(folder: Path, key: str) -> Mapping[str, Any]:
    path = environment_file(folder, key)
    try:
        environment = from_json(read_regular(path))
    except OSError as error:
        raise ResultsError(
            f"{path} can't be read ({_reason(error)}), so that the machine and versions of some "
            "records are unknown"
        ) from error
    except ValueError:
        environment = None
    if not isinstance(environment, dict):
        raise ResultsError(f"{path} is damaged: not a JSON object")
    return environment


def _is_newer(line: bytes) -> bool:
    """Whether a line that is no record of ours is a later version's."""
    try:
        content = from_json(line)
    except ValueError:
        return False
    version = content.get("format") if isinstance(content, dict) else None
    return isinstance(version, int) and version > FORMAT


def _problems(path: Path, damaged: Sequence[int], newer: Sequence[int], torn: int) -> Iterator[str]:
    """torn: the number of a last line without an end, 0 if there is none."""
    if torn:
        yield f"{path}: the last line ({torn}) was cut while being written; it is ignored"
    if damaged:
        yield f"{path}: no record in {_numbered(damaged)}; ignored"
    if newer:
        yield (
            f"{path}: {_numbered(newer)} ignored, as written by a newer cnnbench; "
            "update cnnbench to read what it says"
        )


def _numbered(numbers: Sequence[int]) -> str:
    """The words line 3; lines 3, 5 and 9; lines 1, 2, 3, 4, 5 and 80 more."""
    if len(numbers) == 1:
        return f"line {numbers[0]}"
    named, rest = [str(number) for number in numbers[:_NAMED_LINES]], len(numbers) - _NAMED_LINES
    last = f"{rest} more" if rest > 0 else named.pop()
    return f"lines {', '.join(named)} and {last}"
