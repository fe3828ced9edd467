"""Patterns of paths: parts in braces with a meaning, and *, ** and ? as shells have them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cnnbench.data.sources._names import printable
from cnnbench.errors import DataError, did_you_mean

MEANING = {"{number}": "[0-9]+", "**": ".*", "*": "[^/]*", "?": "[^/]"}
"""What parts of any pattern stand for, as regular expressions."""
PART = re.compile(r"\{[^/{}]*\}|\*\*|\*|\?")


def refuse_unknown(pattern: str, parts: Mapping[str, str], key: str) -> None:
    """Raise DataError for a part in braces that is unknown.

    parts: those of this kind of pattern, "{class}" for one, with what they stand for. key: of the
    recipe, to blame.
    """
    known = [part for part in (*parts, *MEANING) if part.startswith("{")]
    for part in PART.findall(pattern):
        if part.startswith("{") and part not in known:
            hint = did_you_mean(part, known, "expected are")
            raise DataError(f"a pattern can't hold {printable(part)}{hint}", key)


def compiled(pattern: str, parts: Mapping[str, str]) -> re.Pattern[str]:
    """The pattern as a regular expression for a whole path, once it holds nothing unknown."""
    meaning = {**parts, **MEANING}
    found, texts = PART.findall(pattern), PART.split(pattern)
    return re.compile(
        "".join(
            re.escape(text) + meaning.get(part, "")
            for text, part in zip(texts, [*found, ""], strict=True)
        )
    )
