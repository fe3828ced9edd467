"""Where TensorFlow Datasets keeps what it prepared, and which of its folders a name means."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources.downloading import may_download
from cnnbench.errors import DataError, did_you_mean

NAMED = re.compile(r"(?P<name>\w+)(?:/(?P<config>[\w.-]+))?(?::(?P<version>\d+\.\d+\.\d+))?")
VARIABLE = "TFDS_DATA_DIR"
INFO = "dataset_info.json"
"""The file of a prepared folder that tells what it holds."""


class CatalogueSet(NamedTuple):
    """A set of the catalogue; version: the newest that is there, if None."""

    name: str
    config: str | None
    version: str | None

    @property
    def shown(self) -> str:
        """As it is written in a recipe."""
        config = f"/{self.config}" if self.config else ""
        return f"tfds:{self.name}{config}" + (f":{self.version}" if self.version else "")


def prepared_folder(argument: str) -> Path:
    """The folder with dataset_info.json. Raises DataError."""
    if argument.startswith(("/", "./", "../", "~")):
        path = Path(os.path.abspath(os.path.expanduser(argument)))  # noqa: PTH100, PTH111
        found = _newest(path)
        if found is None:
            raise DataError(
                f"{printable(str(path))} is no folder that TensorFlow Datasets prepared: there is "
                f"no {INFO} in it, nor in a folder of a version",
                "source",
            )
        return found
    match = NAMED.fullmatch(argument)
    if not match:
        raise DataError(
            f"{printable(argument)!r} is no name of a set; write tfds:NAME, with /CONFIG and "
            ":VERSION behind it where they are wanted, or a path that begins with / or ./",
            "source",
        )
    wanted = CatalogueSet(match["name"], match["config"], match["version"])
    home = _home()
    found = _prepared(home, wanted)
    if found is None and may_download():
        from cnnbench.data.sources._tfds import prepare

        prepare(wanted.shown, wanted.name, wanted.config, wanted.version, home)
        found = _prepared(home, wanted)
    if found is None:
        raise DataError(_absent(home, wanted), "source")
    return found


def _home() -> Path:
    """Where TensorFlow Datasets keeps what it prepared."""
    return Path(os.environ.get(VARIABLE) or "~/tensorflow_datasets").expanduser()


def _prepared(home: Path, wanted: CatalogueSet) -> Path | None:
    above = home / wanted.name
    if wanted.config:
        above /= wanted.config
    if wanted.version:
        exact = above / wanted.version
        return exact if (exact / INFO).is_file() else None
    found = _newest(above)
    if found or wanted.config or not above.is_dir():
        return found
    configs = [path for path in sorted(above.iterdir()) if path.is_dir() and _newest(path)]
    if len(configs) > 1:
        names = [path.name for path in configs]
        raise DataError(
            f"{wanted.shown} is prepared in several configurations ({some(names)}): write "
            f"{wanted.shown}/{names[0]}",
            "source",
        )
    return _newest(configs[0]) if configs else None


def _newest(folder: Path) -> Path | None:
    """The folder itself, or that of its newest version."""
    if (folder / INFO).is_file():
        return folder
    if not folder.is_dir():
        return None
    versions = [
        (tuple(map(int, path.name.split("."))), path)
        for path in folder.iterdir()
        if re.fullmatch(r"\d+\.\d+\.\d+", path.name) and (path / INFO).is_file()
    ]
    return max(versions)[1] if versions else None


def _absent(home: Path, wanted: CatalogueSet) -> str:
    known = sorted(path.name for path in home.iterdir() if path.is_dir()) if home.is_dir() else []
    hint = did_you_mean(wanted.name, known) if known and wanted.name not in known else ""
    return (
        f"{wanted.shown} is not prepared in {printable(str(home))}{hint}; --download lets "
        "TensorFlow Datasets fetch and prepare it"
    )
