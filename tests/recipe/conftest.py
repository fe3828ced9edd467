import os
from collections.abc import Callable, Mapping

import pytest

from cnnbench.data.sources.source import DataSource, Facts, Request
from cnnbench.errors import DataError, PluginError, RecipeError
from cnnbench.recipe.load import load_recipe


class Photos(DataSource):
    """A source of 100 cats and 100 dogs of 32x32 pixels in a folder that need not exist."""

    name = "photos"
    argument = "PATH"

    def facts(self, request: Request) -> Facts:
        if request.argument.endswith("empty"):
            raise DataError(f"{request.argument} holds no images", "source")
        height, width = request.image_size or (32, 32)
        return Facts((height, width, 3), ("cat", "dog"), {"all": 200}, {"all": (100, 100)})

    def fingerprint(self, request: Request) -> str:
        return "photos"

    def load(self, request: Request):
        raise AssertionError("a recipe is judged without decoding images")


class Digits(Photos):
    """A source of ten classes of 28x28 pixels with a test split of its own."""

    name = "tens"
    argument = ""

    def facts(self, request: Request) -> Facts:
        classes = tuple(map(str, range(10)))
        counts = {"train": 500, "test": 100}
        return Facts((28, 28, 1), classes, counts, {k: (n // 10,) * 10 for k, n in counts.items()})


class Parts(Photos):
    """A source whose own validation split holds only the first of its three classes."""

    name = "parts"
    argument = ""

    def facts(self, request: Request) -> Facts:
        counts = {"train": (20, 20, 20), "validation": (5, 0, 0), "test": (5, 5, 5)}
        totals = {split: sum(count) for split, count in counts.items()}
        return Facts((28, 28, 1), ("a", "b", "c"), totals, counts)


class Folder(Photos):
    """A source that is found by its path."""

    name = "folder"

    def facts(self, request: Request) -> Facts:
        if not os.path.exists(request.argument):  # noqa: PTH110 - False for what is no path
            raise DataError(f"{request.argument} does not exist", "source")
        return super().facts(request)


class Npz(Folder):
    """Another one."""

    name = "npz"


class Csv(Folder):
    """One of photos that a table lists."""

    name = "csv"


class Files(Photos):
    """One of photos whose names a pattern fits."""

    name = "files"


class Waves(Photos):
    """A source of signals."""

    name = "waves"
    argument = ""

    def facts(self, request: Request) -> Facts:
        return Facts((64, 1, 2), ("a", "b"), {"all": 40}, {"all": (20, 20)}, signals=True)


SOURCES: Mapping[str, DataSource] = {
    "photos": Photos(),
    "tens": Digits(),
    "parts": Parts(),
    "folder": Folder(),
    "npz": Npz(),
    "csv": Csv(),
    "files": Files(),
    "waves": Waves(),
}


def find_source(name: str) -> DataSource:
    if name not in SOURCES:
        raise PluginError(f"there is no source {name!r}; found: {', '.join(SOURCES)}")
    return SOURCES[name]


@pytest.fixture
def sources() -> Callable[[str], DataSource]:
    """Find a source by name."""
    return find_source


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a file into the current folder, which is empty otherwise."""
    monkeypatch.chdir(tmp_path)

    def write_file(text: str, name: str = "study.toml") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return name

    return write_file


@pytest.fixture
def load(write) -> Callable:
    """Load the recipe that a text is."""

    def load_text(text: str, *overrides: str, data: str | None = None):
        return load_recipe(write(text), overrides=overrides, data=data, find_source=find_source)

    return load_text


@pytest.fixture
def problems(load) -> Callable[..., list[str]]:
    """What is wrong with a recipe, as lines of text."""

    def find_problems(text: str, *overrides: str, data: str | None = None) -> list[str]:
        with pytest.raises(RecipeError) as caught:
            load(text, *overrides, data=data)
        assert str(caught.value) == "\n".join(map(str, caught.value.problems))
        return [str(problem) for problem in caught.value.problems]

    return find_problems
