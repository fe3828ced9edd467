"""Image sets of Hugging Face's catalogue, and what its library saved in a folder."""

from __future__ import annotations

import os
import re
from typing import ClassVar, NamedTuple

from cnnbench.data.sources._names import printable
from cnnbench.data.sources._shelf import Shelf
from cnnbench.data.sources.downloading import may_download
from cnnbench.data.sources.records import RecordSource
from cnnbench.data.sources.source import Request
from cnnbench.errors import DataError

NAMED = re.compile(
    r"(?P<name>[\w.-]+(?:/[\w.-]+)?)(?:@(?P<revision>[\w./-]+))?(?::(?P<config>[\w. -]+))?"
)
INSTALL = "pip install 'cnnbench[hf]'"


class HubSet(NamedTuple):
    """A set. name: in the catalogue, or an absolute path to a folder."""

    name: str
    revision: str | None = None
    config: str | None = None

    @property
    def local(self) -> bool:
        """Whether it is a folder on this machine."""
        return os.path.isabs(self.name)  # noqa: PTH117 - a text is at hand


class HuggingFace(RecordSource):
    """OWNER/NAME[@REVISION][:CONFIG] of the catalogue, or a path to a folder.

    What was fetched once is read without the network; what was not is fetched with --download
    alone. The splits train, validation and test are kept, others left out. A folder is one that
    `save_to_disk` made, or one that `load_dataset` reads; its path begins with /, ./ or ~.
    """

    name: ClassVar[str] = "hf"
    argument: ClassVar[str] = "OWNER/NAME"
    description: ClassVar[str] = "image sets of Hugging Face's catalogue, fetched with --download"

    def shelf(self, request: Request) -> Shelf:
        """Open the set by the library `datasets`."""
        wanted = _wanted(request.argument)
        try:
            from cnnbench.data.sources._hub import open_hub
        except ImportError as error:
            raise DataError(
                "sets of Hugging Face are read by the library datasets, which is missing; install "
                f"it with: {INSTALL}",
                "source",
            ) from error
        return open_hub(wanted, download=may_download())


def _wanted(argument: str) -> HubSet:
    """Raises DataError for what is neither a name nor a path."""
    if argument.startswith(("/", "./", "../", "~")):
        path = os.path.abspath(os.path.expanduser(argument))  # noqa: PTH100, PTH111 - keeps ".."
        if not os.path.isdir(path):  # noqa: PTH112 - False for what is no path
            raise DataError(f"there is no folder {printable(path)}", "source")
        return HubSet(path)
    found = NAMED.fullmatch(argument)
    if not found:
        raise DataError(
            f"{printable(argument)!r} is no name of a set; write hf:OWNER/NAME, with @REVISION and "
            ":CONFIG behind it where they are wanted, or a path that begins with / or ./",
            "source",
        )
    return HubSet(found["name"], found["revision"], found["config"])
