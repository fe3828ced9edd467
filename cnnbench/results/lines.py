"""Lines of records, of which most repeat the settings and samples of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from pydantic import ValidationError
from pydantic_core import from_json

from cnnbench.recipe.renamed import in_todays_words
from cnnbench.results.record import Record, Samples


@dataclass(frozen=True, slots=True)
class _Part:
    """An object in records that many have in common.

    before, after: what it stands between; quotes inside of texts are escaped, so that this is
    hardly found elsewhere. hole: what stands for nothing. read: its value by itself, None where it
    has none. known: what was read, by the text.
    """

    name: str
    before: bytes
    after: tuple[bytes, ...]
    hole: bytes
    read: Callable[[bytes], object]
    known: dict[bytes, object] = field(default_factory=dict)

    def place(self, line: bytes) -> tuple[int, int]:
        """From where to where it stands; its end is 0 where it does not."""
        start = line.rfind(self.before + b"{") + len(self.before)
        ends = (line.find(b"}" + each, start) + 1 for each in self.after)
        return start, next(filter(None, ends), 0)


class RecordLines:
    """Reads records line by line; what several have in common is read and kept once.

    Settings and samples are two thirds of a record, and the trials of a variant have the same: read
    anew with each record they took more than half of the time, and most of the memory.
    """

    def __init__(self) -> None:
        self._parts = (
            _Part("settings", b',"settings":', (b',"environment":',), b"{}", _settings),
            _Part(
                "samples", b',"samples":', (b',"pretrained":', b',"metrics":'), b"null", _samples
            ),
        )

    def record(self, line: bytes) -> Record:
        """The record in a line. Raises ValidationError for what is none."""
        rest, values = line, dict[str, object]()
        new: list[tuple[_Part, bytes]] = []
        for part in self._parts:
            start, end = part.place(rest)
            text = rest[start:end]
            if text in part.known:
                values[part.name] = part.known[text]
                rest = b"%b%b%b" % (rest[:start], part.hole, rest[end:])
            elif end:
                new.append((part, text))
        record = _filled(rest, values) if values else None
        record = record or Record.model_validate_json(line)
        for part, text in new:
            value = getattr(record, part.name)
            if value and part.read(text) == value:
                part.known[text] = value
        return record


def _filled(rest: bytes, values: Mapping[str, object]) -> Record | None:
    """The record with the values, None where no hole in the line is for them."""
    with suppress(ValidationError):  # the whole line says what is wrong
        record = Record.model_validate_json(rest)
        if not any(getattr(record, name) for name in values):
            record.__dict__.update(values)  # model_copy takes as long again
            return record
    return None


def _settings(text: bytes) -> object:
    with suppress(ValueError):
        found = from_json(text)
        return in_todays_words(found) if isinstance(found, dict) else None
    return None


def _samples(text: bytes) -> object:
    with suppress(ValidationError):
        return Samples.model_validate_json(text)
    return None
