"""Bases that plugins bring, from the example in the documentation to a trained trial."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save_file

import cnnbench.plugin
from cnnbench.data.passes.scaling import SCALINGS
from cnnbench.errors import PluginError, RecipeError
from cnnbench.execution.bench import Bench
from cnnbench.loading.guards import guarded
from cnnbench.loading.manager import load_plugins
from cnnbench.network.bases.offered import PUBLISHED, OfferedBase
from cnnbench.planning.arrays import arrays_of
from cnnbench.planning.study import plan_study, read_images
from cnnbench.plugin.executor import Limits
from cnnbench.recipe.load import load_recipe
from cnnbench.results.record import Status
from cnnbench.testing.numpy_backend import NumpyBackend

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"
RECIPE = """
replicates = 1
[data]
source = "digits"
train = 20
validation = 10
test = 10
classes = ["0", "1"]
[transfer]
base = "edges"
{transfer}
[transfer.head]
pooling = "average"
dense = []
[training]
epochs = 1
optimizer = "sgd"
"""


def example():
    """The base of the documentation's example, of the home folder that is set now."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (code,) = (block for block in blocks if "class Edges" in block)
    names = {name: getattr(cnnbench.plugin, name) for name in cnnbench.plugin.__all__}
    names["np"] = np
    exec(f"from collections.abc import Iterable\n{code}", names)  # noqa: S102 - our own page
    return names["cnnbench_bases"]()[0]


@pytest.fixture
def arrays():
    rng = np.random.default_rng(1)
    shapes = {"conv_1/kernel": (3, 3, 1, 8), "conv_1/bias": (8,)}
    shapes |= {"conv_2/kernel": (3, 3, 8, 16), "conv_2/bias": (16,)}
    return {x: 0.1 * rng.standard_normal(s).astype(np.float32) for x, s in shapes.items()}


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """The first trial of the recipe with these lines, and a bench to run it on."""
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))

    def make(transfer="", base=None, more=""):
        base, backend = base or guarded(example(), "cnnbench-example 0.1.0"), NumpyBackend()
        offered = {base.name: OfferedBase(base.network, base.channels, base.points), **PUBLISHED}
        source = load_plugins().source
        plugins = SimpleNamespace(source=source, backend=lambda _: backend, bases={base.name: base})
        path = tmp_path / "study.toml"
        path.write_text(RECIPE.format(transfer=transfer) + more)
        recipe = load_recipe(path, find_source=source, bases=offered)
        found = arrays_of(recipe, plugins)
        known, _ = read_images(recipe, plugins)
        study = plan_study(recipe, backend, "cpu", known, tmp_path / "results", arrays=found)
        return study.trials[0], Bench(plugins, backend.name, "cpu", Limits(slots=1, threads=1))

    return make


@pytest.mark.parametrize("strategy", ["features", "frozen"])
def test_the_base_of_the_example_starts_from_its_arrays_scaled_as_they_take_it(
    plan, arrays, tmp_path, strategy
):
    np.savez(tmp_path / "edges.npz", **arrays)
    trial, bench = plan(f'strategy = "{strategy}"')
    trial = trial.model_copy(update={"keeps_weights": True})
    outcome = bench.run(trial, lambda _: None)
    record = outcome.record
    assert record.status is Status.OK, record.reason
    for name, array in arrays.items():
        np.testing.assert_array_equal(outcome.weights[name], array)
    assert trial.arrays.scaling.mean == (127.0,)
    assert trial.network.input_shape == (8, 8, 1)
    assert (record.pretrained.base, record.pretrained.licence) == ("edges", "CC0-1.0")
    assert record.pretrained.trained_on == "10,000 drawings"


def test_other_arrays_are_another_trial_and_the_control_has_none(plan, arrays, tmp_path):
    np.savez(tmp_path / "edges.npz", **arrays)
    first, scratch = plan()[0], plan('strategy = "scratch"')[0]
    arrays["conv_2/bias"] += 1
    np.savez(tmp_path / "edges.npz", **arrays)
    assert plan()[0].id != first.id
    assert plan('strategy = "scratch"')[0].id == scratch.id
    assert scratch.arrays.path is None
    assert scratch.arrays.scaling == first.arrays.scaling, "nothing else differs"


def test_from_scratch_it_is_padded_as_the_file_that_it_is_compared_with(plan, arrays, tmp_path):
    layers = {"conv_1": "features.0", "conv_2": "features.1"}
    torch = {}
    for layer, module in layers.items():
        kernel = arrays[f"{layer}/kernel"].transpose(3, 2, 0, 1)
        torch[f"{module}.weight"] = np.ascontiguousarray(kernel)
        torch[f"{module}.bias"] = arrays[f"{layer}/bias"]
    save_file(torch, tmp_path / "edges.safetensors")
    asked = 'weights = "edges.safetensors"\nscaling = "torch"\nstrategy = "{}"'
    first, scratch = (plan(asked.format(x))[0].arrays for x in ("features", "scratch"))
    assert first.pads == scratch.pads == "torch"
    assert first.scaling == scratch.scaling
    assert scratch.path is None


def test_its_arrays_are_made_once_for_all_variants(plan, arrays, tmp_path):
    np.savez(tmp_path / "edges.npz", **arrays)
    base, asked = example(), []
    make = base.weights
    base.weights = lambda: asked.append(1) or make()
    more = '[[variant]]\nname = "frozen"\ntransfer.strategy = "frozen"\n'
    plan(base=base, more=more + '[[variant]]\nname = "full"\ntransfer.strategy = "full"\n')
    assert len(asked) == 1


def test_points_to_move_from_are_those_of_its_network(plan, arrays, tmp_path):
    np.savez(tmp_path / "edges.npz", **arrays)
    trial, _ = plan('strategy = "partial"\nunfreeze_from = "conv_2"')
    assert trial.stages[-1].frozen == {"conv_1"}
    with pytest.raises(RecipeError, match="the base has no layer 'conv_3'; did you mean 'conv_2'"):
        plan('strategy = "partial"\nunfreeze_from = "conv_3"')


def test_blocks_of_a_plugin_are_those_that_it_names(plan, arrays, tmp_path):
    np.savez(tmp_path / "edges.npz", **arrays)
    last = 'strategy = "partial"\nunfreeze_last = {}'
    with pytest.raises(RecipeError, match="nobody says which blocks the base has"):
        plan(last.format(1))
    base = example()
    base.points = ("conv_1", "conv_2")
    base = guarded(base, "it")
    trial, _ = plan(last.format(1), base)
    assert trial.stages[-1].frozen == {"conv_1"}
    named, _ = plan('strategy = "partial"\nunfreeze_from = "conv_2"', base)
    assert trial.id == named.id
    with pytest.raises(RecipeError, match="the base has 2 blocks, not 3"):
        plan(last.format(3), base)


@pytest.mark.parametrize("points", [("conv_3",), ("conv_2", "conv_1"), ("conv_1", "conv_1")])
def test_points_that_its_network_lacks_are_the_plugins_mistake(points):
    base = example()
    base.points = points
    with pytest.raises(PluginError, match="base 'edges' of it has the points conv_"):
        guarded(base, "it").network((8, 8, 1))


def test_arrays_that_are_not_here_are_one_sentence_with_the_remedy(plan):
    with pytest.raises(
        RecipeError, match=r"edges.npz is not there; install them with: fetch-edges"
    ):
        plan()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda x: x.pop("conv_2/bias"), r"conv_2/bias, of the shape \(16,\), is missing"),
        (lambda x: x.update({"conv_1/bias": np.zeros(9)}), r"has the shape \(9,\)"),
        (lambda x: x.update({"conv_3/bias": np.zeros(9)}), "has no such array"),
    ],
)
def test_arrays_of_another_network_are_refused(plan, arrays, tmp_path, change, expected):
    change(arrays)
    np.savez(tmp_path / "edges.npz", **arrays)
    with pytest.raises(RecipeError, match=expected):
        plan()


def test_arrays_that_are_no_numbers_are_the_plugins_mistake(plan, arrays, tmp_path):
    arrays["conv_1/bias"][0] = np.nan
    np.savez(tmp_path / "edges.npz", **arrays)
    with pytest.raises(PluginError, match=r"'edges' of cnnbench-example 0.1.0 has numbers in conv"):
        plan()


def test_another_scaling_than_that_of_its_arrays_is_refused(plan, arrays, tmp_path):
    np.savez(tmp_path / "edges.npz", **arrays)
    with pytest.raises(RecipeError, match='trained with "lite": leave it out'):
        plan('scaling = "keras"')
    trial, _ = plan('weights = "random"\nscaling = "keras"')
    assert trial.arrays.scaling == SCALINGS["keras"]


def test_colours_given_to_a_base_of_one_channel_are_refused(tmp_path):
    base = guarded(example(), "it")
    bases = {"edges": OfferedBase(base.network, base.channels)}
    path = tmp_path / "study.toml"
    path.write_text(RECIPE.format(transfer="").replace('"digits"', '"digits"\ncolor = "rgb"'))
    with pytest.raises(
        RecipeError, match=r"takes images of 1 channel, these have 3: set data.color"
    ):
        load_recipe(path, find_source=load_plugins().source, bases=bases)


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (lambda _: None, "a value of type NoneType, not a Network"),
        (lambda shape: 1 / 0, "ZeroDivisionError"),
        (lambda shape: PUBLISHED["vgg16"].build((64, 64, 3)), "for (64, 64, 3) with output"),
    ],
)
def test_a_network_that_is_none_is_the_plugins_mistake(network, expected):
    base = example()
    base.network = network
    with pytest.raises(PluginError) as caught:
        guarded(base, "it").network((32, 32, 3))
    assert expected in str(caught.value)
    assert "base 'edges' of it" in str(caught.value)
