"""A process's place to train: on the images that its trials were planned with, and on no others."""

import dataclasses
import pickle
import shutil
from importlib.metadata import version
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from cnnbench.errors import PluginError
from cnnbench.execution.bench import Bench
from cnnbench.execution.work import BenchWork, work_of
from cnnbench.loading.manager import load_plugins
from cnnbench.planning.study import plan_study, read_images
from cnnbench.plugin.executor import Limits
from cnnbench.plugin.versions import refuse_other_versions
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


BACKEND = NumpyBackend()
PLUGINS = SimpleNamespace(source=load_plugins().source, backend=lambda _: BACKEND)
LIMITS = Limits(slots=1, threads=1)


@pytest.fixture
def trials(photos, tmp_path):
    """Two that were planned with the photos of seed 0."""
    photos(0)
    (tmp_path / "study.toml").write_text(RECIPE)
    recipe = load_recipe("study.toml", find_source=PLUGINS.source)
    known, _ = read_images(recipe, PLUGINS)
    return plan_study(recipe, BACKEND, "auto", known, tmp_path / "results").trials


@pytest.mark.slow
def test_images_that_changed_since_the_trials_were_planned_are_not_trained_on(photos, trials):
    first, second = trials
    bench = Bench(PLUGINS, BACKEND.name, "auto", LIMITS)
    assert bench.run(first, lambda _: None).record.status is Status.OK
    photos(1)
    fresh = Bench(PLUGINS, BACKEND.name, "auto", LIMITS)
    record = fresh.run(second, lambda _: None).record
    assert record.status is Status.FAILED
    assert "photos have changed since this run began: give the same command again" in record.reason
    assert record.samples is None
    assert bench.run(second, lambda _: None).record.status is Status.OK, "it still maps the old"


def work(**fields):
    return BenchWork(BACKEND.name, "auto", LIMITS, {}, **fields)


@pytest.mark.slow
def test_images_that_were_brought_are_trained_on_without_a_cache(trials, tmp_path, monkeypatch):
    images = pickle.loads(pickle.dumps(work().images(trials[0])))  # noqa: S301 - our own
    bench = Bench(PLUGINS, BACKEND.name, "auto", LIMITS)
    here = bench.run(trials[0], lambda _: None)
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "none"))
    shutil.rmtree(tmp_path / "photos")
    there = Bench(PLUGINS, BACKEND.name, "auto", LIMITS).run(
        trials[0], lambda _: None, images=images
    )
    assert there.record.reason == ""
    assert there.record.metrics == here.record.metrics
    assert not (tmp_path / "none").exists()


def test_images_travel_without_a_copy(trials):
    buffers = []
    images = work().images(trials[0])
    rest = pickle.dumps(images, protocol=5, buffer_callback=buffers.append)
    assert images.images.nbytes in [buffer.raw().nbytes for buffer in buffers]
    assert len(rest) < images.images.nbytes


@pytest.mark.slow
def test_images_of_another_digest_are_not_trained_on(trials):
    bench = Bench(PLUGINS, BACKEND.name, "auto", LIMITS)
    images = work().images(trials[0])
    other = trials[1].model_copy(update={"data": "another"})
    record = bench.run(other, lambda _: None, images=images).record
    assert record.status is Status.FAILED
    assert record.reason == "the images that were brought to this worker are not the trial's"
    pixels = images.images.copy()
    pixels[0, 0, 0, 0] ^= 1
    damaged = dataclasses.replace(images, images=pixels)
    record = bench.run(trials[0], lambda _: None, images=damaged).record
    assert record.reason == "the images that were brought to this worker are damaged"


def test_a_process_of_other_versions_does_not_open_the_backend():
    with pytest.raises(PluginError) as refused:
        work(versions={"cnnbench": "0.0.1", "no-such-thing": "3"}).open()
    here = version("cnnbench")
    assert f"cnnbench {here} (the run has 0.0.1), no-such-thing not at all (" in str(refused.value)


def test_a_work_knows_the_versions_that_its_results_depend_on(scripted_path):
    plugins = load_plugins()
    made = work_of(plugins.backend("scripted"), "cpu", LIMITS, plugins)
    assert {"python", "cnnbench", "numpy", "cnnbench-scripted"} <= made.versions.keys()
    refuse_other_versions(made.versions)
