"""Which images of a file are decoded already, from what and to which pixels, told as it happens."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources._rows import Shape

NAME = "journal"
ROW = np.dtype(
    [
        ("row", "<i8"),
        ("file", "<u8"),
        ("state", "<u8"),
        ("pixels", "V16"),
        ("white", "<u4"),
        ("deep", "<u4"),
    ]
)
"""One image. file, state: two halves of its file's key. pixels: their digest. white: the value that
became 255, 0 while there are no pixels. deep: 1 more than the brightest value of an image of more
than 8 bits a channel, 0 for others."""
Rows = NDArray[np.void]
EIGHT_BITS = 255


@dataclass(frozen=True, slots=True)
class Head:
    """What the images of a file have in common. decoder: versions that pixels depend on.

    files: digest of the keys of all files in their order, so that a row is still the same file's.
    """

    decoder: str
    shape: Shape
    files: str

    def line(self) -> bytes:
        """As the first line of a journal."""
        return json.dumps(asdict(self)).encode() + b"\n"

    def alike(self, other: Head) -> bool:
        """Whether images of one can be those of the other."""
        return (self.decoder, self.shape[1:]) == (other.decoder, other.shape[1:])


def keys_of(states: list[str]) -> Rows:
    """Empty rows with the key of each file; states: texts that change where a file does."""
    rows = np.zeros(len(states), ROW)
    rows["row"] = np.arange(len(states))
    halves = [blake2b(each.encode(errors="surrogateescape"), digest_size=16) for each in states]
    keys = np.frombuffer(b"".join(each.digest() for each in halves), "<u8").reshape(-1, 2)
    rows["file"], rows["state"] = keys[:, 0], keys[:, 1]
    return rows


def files_of(rows: Rows) -> str:
    """A digest of the keys of all rows, in their order."""
    keys = np.stack([rows["file"], rows["state"]])
    return blake2b(keys.tobytes(), digest_size=16).hexdigest()


def read(folder: Path) -> tuple[Head, Rows] | None:
    """What a journal tells, the latest of each row; None where there is none to be understood.

    A line that a dying process has torn is left out.
    """
    try:
        first, _, rest = (folder / NAME).read_bytes().partition(b"\n")
        head = Head(**json.loads(first))
        head = Head(head.decoder, tuple(map(int, head.shape)), head.files)
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    told = np.frombuffer(rest[: len(rest) // ROW.itemsize * ROW.itemsize], ROW)
    _, last = np.unique(told["row"][::-1], return_index=True)
    return head, told[::-1][last]


class Journal:
    """Appends to a journal, begun anew with what `rows` tell; it survives this process."""

    def __init__(self, folder: Path, head: Head, rows: Rows) -> None:
        fresh = folder / f"{NAME}.new"
        told = rows[(rows["white"] > 0) | (rows["deep"] > 0)]
        fresh.write_bytes(head.line() + told.tobytes())
        fresh.replace(folder / NAME)
        self._file = (folder / NAME).open("ab")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing more is told."""
        self._file.close()

    def tell(self, row: np.void | Rows) -> None:
        """Note a row, after its pixels are in their file."""
        self._file.write(row.tobytes())
        self._file.flush()
