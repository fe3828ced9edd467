"""Lines of records, of which most repeat the settings and samples of others."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from cnnbench.recipe.renamed import in_todays_words
from cnnbench.results.record import Record, Samples

_BEFORE, _AFTER = b',"settings":', b',"environment":'


class RecordLines:
    """Reads records line by line; what several have in common is read and kept once.

    The settings are more than half of a record, and the trials of a variant have the same: read
    anew with each record they took half of the time, and two thirds of the memory.
    """

    def __init__(self) -> None:
        self._settings: dict[bytes, Mapping[str, Any]] = {}
        self._samples: dict[str, Samples | None] = {}

    def record(self, line: bytes) -> Record:
        """The record in a line. Raises ValidationError for what is none."""
        start = line.rfind(_BEFORE + b"{") + len(_BEFORE)
        end = line.find(b"}" + _AFTER, start) + 1
        text = line[start:end]
        if end and text in self._settings:
            rest = b"%b{}%b" % (line[:start], line[end:])
            with suppress(ValidationError):  # the whole line says what is wrong
                record = Record.model_validate_json(rest, context=self._samples)
                record.__dict__["settings"] = self._settings[text]  # model_copy takes as long again
                return record
        record = Record.model_validate_json(line, context=self._samples)
        # Quotes inside of texts are escaped, so that it can hardly be anything else.
        if end and in_todays_words(_json(text)) == record.settings:
            self._settings[text] = record.settings
        return record


def _json(text: bytes) -> dict[str, Any]:
    """The object in a text, an empty one where it holds none."""
    try:
        found = from_json(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
