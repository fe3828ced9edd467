"""Whether sources may fetch what is not on this machine: only where the user says so."""

from __future__ import annotations

import os

VARIABLE = "CNNBENCH_DOWNLOAD"
"""Set to 1, or by --download."""


def may_download() -> bool:
    """Whether anything may go to the network."""
    return os.environ.get(VARIABLE, "") not in ("", "0")


def allow_download() -> None:
    """Let the sources of this process fetch what they need."""
    os.environ[VARIABLE] = "1"
