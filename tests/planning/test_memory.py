"""What is larger than the machine is refused before it trains, with what would fit."""

from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from cnnbench.errors import OptionsError, RecipeError
from cnnbench.installed import installed_plugins
from cnnbench.loading.manager import load_plugins
from cnnbench.planning.memory import refuse_too_large
from cnnbench.planning.prepare import RunOptions, prepare
from cnnbench.planning.study import read_images
from cnnbench.recipe.load import load_recipe
from cnnbench.trials.expand import expand

PLUGINS = load_plugins()
RECIPE = """
[data]
source = "digits"
train = 100
[network]
filters = [4]
padding = "same"
head = "global_average"
dense = []
[training]
batch_size = 50
"""
VARIANTS = """
[[variant]]
name = "plain"
[[variant]]
name = "longer"
training.epochs = 9
"""
IMAGE = 8 * (8 * 8 * 4 + 4 + 10)
"""Bytes of an image's maps and their gradients: convolution, average and scores."""


@pytest.fixture
def judge(tmp_path, monkeypatch):
    """Judge the recipe on a machine with so many bytes."""
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))

    def judged(memory, *overrides, text=RECIPE):
        (tmp_path / "study.toml").write_text(text)
        monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=memory))
        path = tmp_path / "study.toml"
        recipe = load_recipe(path, overrides=overrides, find_source=PLUGINS.source)
        known, _ = read_images(recipe, PLUGINS)
        refuse_too_large(recipe, expand(recipe, "torch-native", "cpu", known).trials, known)

    return judged


def refused(judge, *arguments, **options):
    with pytest.raises(RecipeError) as caught:
        judge(*arguments, **options)
    (problem,) = caught.value.problems
    return problem


def test_a_step_that_just_fits_is_not_refused(judge):
    judge(50 * IMAGE)


def test_a_step_larger_than_the_machine_is_refused_where_its_size_stands(judge):
    problem = refused(judge, 50 * IMAGE - 1)
    assert (problem.key, problem.line) == ("training.batch_size", 11)
    assert problem.message.startswith("variant 'default' makes 0 GiB of feature maps and their")
    assert "in a training step of 50 images, more than the 0 GiB of this machine" in problem.message


def test_the_batch_size_and_the_image_size_that_are_advised_fit(judge):
    memory = 50 * IMAGE - 1
    said = refused(judge, memory).message
    advice = "; lower training.batch_size to 49 at most, or give a data.image_size below 8x8"
    assert said.endswith(advice)
    judge(memory, "training.batch_size=49")
    judge(memory, "data.image_size=[7, 7]")


def test_where_not_even_one_image_fits_no_smaller_batch_is_advised(judge):
    said = refused(judge, IMAGE - 1).message
    assert said.endswith("of this machine; give a data.image_size below 8x8")


def test_of_signals_no_size_of_images_is_advised(judge, tmp_path):
    waves = np.random.default_rng(0).normal(size=(200, 64)).astype(np.float32)
    np.savez(tmp_path / "waves.npz", signals=waves, labels=np.arange(200) % 10)
    text = RECIPE.replace('"digits"', f'"signals:{tmp_path / "waves.npz"}"')
    said = refused(judge, 50 * IMAGE - 1, text=text).message
    assert "in a training step of 50 signals, more than" in said
    assert said.endswith("to 49 at most, or give signals of fewer than 64 values")


def test_a_batch_counts_as_no_more_than_there_are_images_to_train_on(judge):
    judge(100 * IMAGE, "training.batch_size=1000")
    assert "of 100 images" in refused(judge, 100 * IMAGE - 1, "training.batch_size=1000").message


def test_maps_take_half_in_bfloat16(judge):
    judge(25 * IMAGE, "training.precision=bfloat16")


@pytest.fixture
def stack(tmp_path, monkeypatch):
    """Ask for stacks of so many replicates of the recipe on a machine with so many bytes."""
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))

    def asked(count, memory, replicates="5"):
        path = tmp_path / "study.toml"
        path.write_text(f"replicates = {replicates}\n{RECIPE}{VARIANTS}")
        monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=memory))
        options = RunOptions(tmp_path / "results", executor="inline", stack=count)
        return prepare(path, ["scripted"], installed_plugins(), options)

    return asked


@pytest.mark.usefixtures("scripted_path")
def test_a_stack_takes_what_all_its_replicates_take(stack):
    stack(3, 3 * 50 * IMAGE)
    with pytest.raises(OptionsError, match="--stack: 4 replicates of variant 'plain' as one"):
        stack(4, 4 * 50 * IMAGE - 1)
    with pytest.raises(OptionsError, match=r"of 50 images each, .*; give --stack 3 at most"):
        stack(8, 4 * 50 * IMAGE - 1)
    with pytest.raises(OptionsError, match="; leave out --stack"):
        stack(2, 2 * 50 * IMAGE - 1)


@pytest.mark.usefixtures("scripted_path")
def test_a_stack_is_no_larger_than_the_replicates_that_are_handed_out_at_once(stack):
    stack(8, 2 * 50 * IMAGE, replicates="2")
    stack(8, 5 * 50 * IMAGE, replicates="{ from = 5, to = 8 }")
    with pytest.raises(OptionsError, match="--stack: 5 replicates"):
        stack(8, 5 * 50 * IMAGE - 1, replicates="{ from = 5, to = 8 }")


BASE = (
    RECIPE.replace("train = 100", 'train = 100\nclasses = ["5", "6"]')
    + """
[pretrain.lower]
data.classes = ["0", "1"]
training.batch_size = 1
[transfer]
weights = "cnnbench:lower"
head = { pooling = "average", dense = [], dropout = 0 }
"""
)
HEAD = 8 * (4 + 2)
"""Bytes of the average and the scores of an image and their gradients."""


def test_of_what_is_at_rest_only_the_largest_step_counts_and_no_gradient(judge):
    needed = 50 * (HEAD + 4 * 8 * 8 * 4)
    judge(needed, text=BASE)
    assert "training step of 50 images" in refused(judge, needed - 1, text=BASE).message


def test_a_base_that_moves_in_the_end_counts_whole(judge):
    needed = 50 * (HEAD + 8 * 8 * 8 * 4)
    text = BASE.replace("[transfer]", '[transfer]\nstrategy = "full"')
    judge(needed, text=text)
    refused(judge, needed - 1, text=text)


def test_a_base_that_the_study_trains_is_judged_by_its_own_section(judge):
    large = BASE.replace("training.batch_size = 1", "training.batch_size = 100")
    problem = refused(judge, 100 * (HEAD + 8 * 8 * 8 * 4) - 1, text=large)
    assert problem.key == "pretrain.lower.training.batch_size"
