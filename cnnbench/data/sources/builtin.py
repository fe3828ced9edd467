"""The sources that come with cnnbench; plugins add others."""

from __future__ import annotations

from cnnbench.data.sources.digits import Digits
from cnnbench.data.sources.folder import Folder
from cnnbench.data.sources.hugging_face import HuggingFace
from cnnbench.data.sources.idx import Idx
from cnnbench.data.sources.mnist5k import Mnist5k
from cnnbench.data.sources.npz import Npz
from cnnbench.data.sources.parquet import Parquet
from cnnbench.data.sources.pattern import Pattern
from cnnbench.data.sources.signals import Signals
from cnnbench.data.sources.source import DataSource
from cnnbench.data.sources.table import TableSource
from cnnbench.data.sources.tfds import Tfds

BUILTIN_SOURCES: tuple[DataSource, ...] = (
    Digits(),
    Mnist5k(),
    Folder(),
    Pattern(),
    TableSource(),
    Npz(),
    Idx(),
    Parquet(),
    HuggingFace(),
    Tfds(),
    Signals(),
)
"""In the order in which they are listed."""
