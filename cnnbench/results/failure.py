"""What is kept of a failure beyond its record's reason: tracebacks and output, kept small."""

from __future__ import annotations

LONGEST = 64 * 1024
"""Bytes of a failure's file, whatever was printed."""
_HEAD = LONGEST // 4
_OUTPUT = "The last output of its process, which earlier trials may have shared:"


def shortened(text: str) -> str:
    """The text within the limit: the beginning and, three times as long, the end."""
    content = text.encode(errors="backslashreplace")
    if len(content) <= LONGEST:
        return content.decode()
    gap = f"\n[... of {len(content):,} bytes the middle is left out ...]\n"
    tail = LONGEST - _HEAD - len(gap)
    return content[:_HEAD].decode(errors="ignore") + gap + content[-tail:].decode(errors="ignore")


def failure_text(crash: str, output: str) -> str:
    """A traceback, and what the process printed last; empty if there is neither."""
    said = output.strip()
    return "\n".join(part for part in (crash, said and f"{_OUTPUT}\n\n{said}\n") if part)
