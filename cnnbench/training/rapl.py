"""Joules of processors and their memory, by the counters of RAPL that Linux shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
_PACKAGE = re.compile(r"intel-rapl:\d+")
"""A processor; AMD's are called so, too. What is counted elsewhere a second time is not taken."""


@dataclass(slots=True)
class Zone:
    """A counter of microjoules that starts anew after `span`. last: what it showed."""

    file: Path
    span: int
    last: int

    def spent(self) -> float:
        """Joules since it was last read, which must be less than `span` ago. Raises OSError."""
        now = _number(self.file)
        spent = (now - self.last) % self.span
        self.last = now
        return spent / 1e6


def zones(root: Path = POWERCAP) -> list[Zone]:
    """Of each processor one for its package, and one for its memory where that counts by itself.

    Raises OSError where there is none, or none that may be read, with a sentence on why.
    """
    packages = [x for x in root.glob("intel-rapl:*") if _PACKAGE.fullmatch(x.name)]
    packages = [x for x in sorted(packages) if _name(x).startswith("package")]
    if not packages:
        raise OSError(f"no counter of a processor's energy (RAPL) in {root}")
    memory = [x for each in packages for x in sorted(each.glob("intel-rapl:*"))]
    found = [*packages, *(x for x in memory if _name(x) == "dram")]
    return [_zone(folder) for folder in found]


def _zone(folder: Path) -> Zone:
    file = folder / "energy_uj"
    try:
        return Zone(file, _number(folder / "max_energy_range_uj"), _number(file))
    except PermissionError:
        raise PermissionError(f"{file} may be read by root alone") from None


def _name(folder: Path) -> str:
    try:
        return (folder / "name").read_text().strip()
    except OSError:
        return ""


def _number(file: Path) -> int:
    """The number in a file. Raises OSError, also where there is none."""
    try:
        return int(file.read_text())
    except ValueError:
        raise OSError(f"{file} holds no number") from None
