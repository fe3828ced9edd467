"""What sources of encoded images that are no files of their own have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from cnnbench.data.sources._found import Listing
from cnnbench.data.sources._shelf import Shelf, groups_told
from cnnbench.data.sources.folder import Folder, labelled_fingerprint
from cnnbench.data.sources.groups import ToldGroups
from cnnbench.data.sources.source import Request


class RecordSource(Folder):
    """A source whose images are records; they are decoded as the files of a folder are."""

    photos: ClassVar[bool] = False

    @abstractmethod
    def shelf(self, request: Request) -> Shelf:
        """The set, as it is now. Raises DataError."""

    def listing(self, request: Request) -> Listing:
        """The records, as files."""
        return self.shelf(request).listing()

    def by_column(self, request: Request, names: Sequence[str]) -> ToldGroups:
        """As a column of the set tells it."""
        shelf = self.shelf(request)
        told = groups_told(shelf, request.groups)
        return ToldGroups([told[name] for name in names], settled=shelf.together)

    def fingerprint(self, request: Request) -> str:
        """The state of the set, and its labels."""
        shelf = self.shelf(request)
        return labelled_fingerprint(
            f"{super().fingerprint(request)} {shelf.state}", shelf.listing()
        )
