"""docs/data.md: what it shows works."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnbench.data.sources.builtin import BUILTIN_SOURCES
from cnnbench.data.sources.requests import request_of
from cnnbench.data.splits.draw import split_rows
from cnnbench.recipe.load import load_recipe

GUIDE = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
SOURCES = {source.name: source for source in BUILTIN_SOURCES}


@pytest.fixture
def recipe(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for number in range(200):
            pixels = rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    block, *_ = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    path = tmp_path / "recipe.toml"
    path.write_text(block, encoding="utf-8")
    return load_recipe(path, find_source=SOURCES.__getitem__)


def test_the_recipe_for_ones_own_photos_loads_and_splits_as_it_says(recipe):
    spec = recipe.variants[0].configuration.data
    name, request = request_of(spec)
    data = SOURCES[name].load(request)
    assert data.images.shape == (400, 96, 96, 3)
    split = split_rows(data.labels, data.fixed, spec, seed=0, fold=None, folds=0)
    assert [len(split.train), len(split.validation), len(split.test)] == [200, 80, 80]


def test_every_source_is_in_the_guide():
    for name in SOURCES:
        assert f"`{name}" in GUIDE or f"{name}:" in GUIDE, name
