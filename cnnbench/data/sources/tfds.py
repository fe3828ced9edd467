"""Image sets that TensorFlow Datasets prepared in a folder."""

from __future__ import annotations

from typing import ClassVar

from cnnbench.data.sources._shelf import Shelf
from cnnbench.data.sources._tfds_folder import prepared_folder
from cnnbench.data.sources._tfds_set import open_prepared
from cnnbench.data.sources.records import RecordSource
from cnnbench.data.sources.source import Request


class Tfds(RecordSource):
    """NAME[/CONFIG][:VERSION] of the catalogue, or a path to a prepared folder.

    What was prepared (in $TFDS_DATA_DIR, else ~/tensorflow_datasets) is read without TensorFlow;
    with --download the library prepares what is not there. The splits train, validation and test
    are kept, others left out. A path begins with /, ./ or ~.
    """

    name: ClassVar[str] = "tfds"
    argument: ClassVar[str] = "NAME"
    description: ClassVar[str] = "image sets of TensorFlow Datasets, prepared with --download"

    def shelf(self, request: Request) -> Shelf:
        """Index the records; the images are read when they are decoded."""
        return open_prepared(prepared_folder(request.argument))
