"""A process's place to train: on the images that its trials were planned with, and on no others."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from cnnbench.execution.bench import Bench
from cnnbench.loading.manager import load_plugins
from cnnbench.planning.study import plan_study, read_images
from cnnbench.plugin.executor import Limits
from cnnbench.recipe.load import load_recipe
from cnnbench.results.record import Status
from cnnbench.testing.numpy_backend import NumpyBackend

RECIPE = """
replicates = 2
[data]
source = "folder:photos"
[network]
filters = [2]
dense = []
[training]
epochs = 1
"""


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Write photos/ below the current folder, other ones for another seed."""
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def write(seed):
        rng = np.random.default_rng(seed)
        for name in ("cat", "dog"):
            (tmp_path / "photos" / name).mkdir(parents=True, exist_ok=True)
            for number in range(10 + seed):
                pixels = rng.integers(0, 256, (8, 8, 3)).astype(np.uint8)
                Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")

    return write


def test_images_that_changed_since_the_trials_were_planned_are_not_trained_on(photos, tmp_path):
    photos(0)
    (tmp_path / "study.toml").write_text(RECIPE)
    backend, sources = NumpyBackend(), load_plugins()
    plugins = SimpleNamespace(source=sources.source, backend=lambda _: backend)
    limits = Limits(slots=1, threads=1)
    recipe = load_recipe("study.toml", find_source=plugins.source)
    known, _ = read_images(recipe, plugins)
    first, second = plan_study(recipe, backend, "auto", known, tmp_path / "results").trials
    bench = Bench(plugins, backend.name, "auto", limits)
    assert bench.run(first, lambda _: None).record.status is Status.OK
    photos(1)
    fresh = Bench(plugins, backend.name, "auto", limits)
    record = fresh.run(second, lambda _: None).record
    assert record.status is Status.FAILED
    assert "photos have changed since this run began: give the same command again" in record.reason
    assert record.samples is None
    assert bench.run(second, lambda _: None).record.status is Status.OK, "it still maps the old"
