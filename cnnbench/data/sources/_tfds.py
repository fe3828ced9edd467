"""TensorFlow Datasets itself, where a set is to be fetched and prepared."""

from __future__ import annotations

import logging
from pathlib import Path

from cnnbench.errors import DataError

LOGGER = logging.getLogger(__name__)
INSTALL = "pip install 'cnnbench[tfds]'"


def prepare(shown: str, name: str, config: str | None, version: str | None, home: Path) -> None:
    """Fetch and prepare a set below the folder `home`. Raises DataError."""
    try:
        import tensorflow_datasets
    except ImportError as error:
        raise DataError(
            f"{shown} is prepared by the library tensorflow-datasets, which is missing; install it "
            f"with: {INSTALL}",
            "source",
        ) from error
    whole = "/".join(filter(None, (name, config))) + (f":{version}" if version else "")
    LOGGER.warning("note: TensorFlow Datasets fetches and prepares %s in %s", whole, home)
    try:
        tensorflow_datasets.builder(whole, data_dir=str(home)).download_and_prepare()
    except Exception as error:  # whatever its many parts raise
        text = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{shown} can't be prepared: {text[:300]}", "source") from error
