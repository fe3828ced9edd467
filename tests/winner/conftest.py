"""A recorded study and the winner picked from it, made once and read by all."""

import os
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits

import cnnbench
from cnnbench.installed import installed_plugins
from cnnbench.winner.choice import choose
from cnnbench.winner.folder import NewFolder
from cnnbench.winner.retrained import retrained
from cnnbench.winner.retraining import plan_retraining, retrain
from cnnbench.winner.save import save_winner

RECIPE = """
title = "A tiny study"
replicates = 3
seed = 7
[data]
source = "digits"
train = 60
validation = 30
test = 40
normalization = "standardize"
classes = ["1", "0", "7"]
[network]
filters = [3]
dense = []
[training]
epochs = 8
batch_size = 16
optimizer = "adam"
learning_rate = 0.1
schedule.kind = "cosine"
early_stopping.patience = 2
[[variant]]
name = "quick"
[[variant]]
name = "slow"
training.learning_rate = 0.001
"""
DIGITS = np.round(load_digits().images * (255 / 16)).astype(np.uint8)


def run_study(path, recipe, **options):
    """The records of a recipe, which are kept in the folder "results" beside its file."""
    path.write_text(recipe)
    results = path.parent / "results"
    return cnnbench.run(
        path, "scripted", results=results, executor="inline", progress=False, **options
    )


def take_home(results, folder, **options):
    """What `cnnbench pick` does, without its words."""
    plugins = installed_plugins()
    with NewFolder(folder, replace=False) as new:
        choice = choose(results, options.pop("metric", "accuracy"), options.pop("variant", None))
        retraining = plan_retraining(choice, plugins, **options)
        outcomes = retrain(retraining, plugins, lambda _: None)
        trained = retrained(retraining, outcomes)
        save_winner(trained, new)
    return SimpleNamespace(folder=folder, retraining=retraining, outcomes=outcomes, trained=trained)


@contextmanager
def scripted_found(scripted):
    """As the fixture scripted_path, for fixtures of a wider scope."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(scripted))
        paths = [str(scripted), os.environ.get("PYTHONPATH", "")]
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        yield


@pytest.fixture(scope="session")
def study(scripted, tmp_path_factory):
    """A folder of results of the tiny study."""
    folder = tmp_path_factory.mktemp("study")
    with scripted_found(scripted):
        run_study(folder / "tiny.toml", RECIPE, save_weights=True)
    return folder / "results"


@pytest.fixture(scope="session")
def taken(study, scripted, tmp_path_factory):
    """The winner of the tiny study: its folder, what was planned, what came of it."""
    folder = tmp_path_factory.mktemp("taken") / "winner"
    with scripted_found(scripted):
        home = take_home(study, folder)
    return SimpleNamespace(
        folder=folder,
        retraining=home.retraining,
        planned=home.retraining.networks[0],
        outcome=home.trained.outcomes[0],
    )


@pytest.fixture(scope="session")
def pixels():
    """Those of all digits, as sources read them: (1797, 8, 8, 1), from 0 to 255."""
    return DIGITS[..., np.newaxis]


@pytest.fixture
def photos(tmp_path) -> Path:
    """Three photos by name, one of another size."""
    from PIL import Image

    for number, size in enumerate(((8, 8), (8, 8), (30, 20))):
        pixels = np.random.default_rng(number).integers(0, 256, (*size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    return tmp_path
