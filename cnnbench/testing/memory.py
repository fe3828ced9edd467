"""How much memory this process holds, seen from two sides: the kernel's and the allocator's."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import psutil

from cnnbench.training.costs import release_freed_memory


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes.

    resident: pages in memory that are the process's own. On Linux pages of files do not count: the
    kernel may drop them at any time, and a framework's libraries are larger than most leaks.
    allocated: what glibc's malloc has handed out and not got back, 0 with another C library. Only
    this shows what is kept in pages that had been freed before but were still resident, which
    malloc_trim leaves at the top of every arena but the main one.
    """

    resident: int
    allocated: int


def held_memory() -> Held:
    """What is held now, after garbage has been collected and freed pages given back."""
    release_freed_memory()
    memory = psutil.Process().memory_info()
    return Held(int(memory.rss - getattr(memory, "shared", 0)), _allocated())


class _Mallinfo2(ctypes.Structure):
    """`struct mallinfo2` of glibc 2.33 and newer, see mallinfo(3)."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


def _allocated() -> int:
    try:
        mallinfo2 = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError):
        return 0
    mallinfo2.restype = _Mallinfo2
    info = mallinfo2()
    return int(info.uordblks + info.hblkhd)
