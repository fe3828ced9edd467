"""The data sets of keras.datasets as a source."""

from __future__ import annotations

import struct
import tarfile
import zipfile
import zlib
from typing import ClassVar

import numpy as np

from cnnbench.plugin import (
    DataError,
    DataSource,
    Facts,
    ImageData,
    Request,
    conform,
    conform_shape,
    nearest,
    notes_on_duplicates,
)
from cnnbench_keras._data.catalog import DATASETS, Dataset
from cnnbench_keras._data.files import obtain, stamp

_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    zlib.error,
    zipfile.BadZipFile,
    tarfile.TarError,
    IndexError,
    struct.error,
)


class KerasDatasets(DataSource):
    """Images that Keras downloads, shared with it: each file is looked for where Keras keeps it."""

    name: ClassVar[str] = "keras"
    argument: ClassVar[str] = "|".join(DATASETS)
    description: ClassVar[str] = "a data set of keras.datasets, downloaded when first used"

    def facts(self, request: Request) -> Facts:
        """Known without reading anything."""
        dataset = _dataset(request)
        count = {"train": dataset.train, "test": dataset.test}
        return Facts(
            conform_shape(dataset.shape, request),
            dataset.classes,
            {split: sum(images) for split, images in count.items()},
            count,
        )

    def fingerprint(self, request: Request) -> str:
        """Sizes and times of the files, which are downloaded first where they are missing."""
        return " ".join(stamp(file) for file in _dataset(request).files)

    def load(self, request: Request) -> ImageData:
        """Read both splits; the test split that comes with the data set stays the test split."""
        from cnnbench_keras._data.readers import read

        dataset = _dataset(request)
        paths = [obtain(file) for file in dataset.files]
        try:
            train, test = read(dataset, paths)
        except _DAMAGE as error:
            names = " or ".join(str(path) for path in paths)
            raise DataError(
                f"{names} is damaged ({error}): delete it, so that it is downloaded again", "source"
            ) from error
        images = conform(np.concatenate([train.images, test.images]), request)
        labels = np.concatenate([train.labels, test.labels])
        class_names = [dataset.classes[label] for label in labels.tolist()]
        rows = np.arange(len(images), dtype=np.int64)
        return ImageData(
            images,
            labels,
            dataset.classes,
            {"test": rows[len(train.images) :]},
            notes_on_duplicates(images, class_names, len(train.images)),
        )


def _dataset(request: Request) -> Dataset:
    name = request.argument
    if name in DATASETS:
        return DATASETS[name]
    near = nearest(name, DATASETS)
    guess = f"did you mean 'keras:{near}'? " if near else ""
    known = f"after the colon one of {', '.join(DATASETS)}"
    raise DataError(f"there is no source 'keras:{name}'; {guess}{known}", "source")
