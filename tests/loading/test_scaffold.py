from __future__ import annotations

import importlib
import runpy
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cnnbench.errors import PluginError
from cnnbench.network.layers import Activate, Dense, Flatten
from cnnbench.network.network import Network
from cnnbench.network.weights import initial_weights
from cnnbench.scaffold import FILES, write_plugin
from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.numpy_backend import NumpyEngine
from cnnbench.trials.optimization import Optimization


def test_a_new_plugin_is_a_distribution_with_its_entry_point(tmp_path):
    folder = write_plugin("My.sketch", tmp_path)
    assert folder == tmp_path / "cnnbench-my-sketch"
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == "cnnbench-my-sketch"
    assert project["entry-points"]["cnnbench"] == {"my-sketch": "cnnbench_my_sketch"}
    files = {str(x.relative_to(folder)) for x in folder.rglob("*") if x.is_file()}
    assert files == {
        "README.md",
        "pyproject.toml",
        "cnnbench_my_sketch/__init__.py",
        "cnnbench_my_sketch/_backend.py",
        "cnnbench_my_sketch/py.typed",
        "tests/test_conformance.py",
    }


@pytest.mark.parametrize(
    ("name", "distribution"),
    [
        ("sketch", "cnnbench-sketch"),
        ("cnnbench-sketch", "cnnbench-sketch"),
        ("cnnbench_sketch", "cnnbench-sketch"),
        ("A__b", "cnnbench-a-b"),
        ("3d", "cnnbench-3d"),
        ("class", "cnnbench-class"),
        ("backend", "cnnbench-backend"),
    ],
)
def test_names_are_normalised_and_the_code_compiles(tmp_path, name, distribution):
    folder = write_plugin(name, tmp_path)
    assert folder.name == distribution
    for path in folder.rglob("*.py"):
        compile(path.read_text(), str(path), "exec")


@pytest.mark.parametrize("name", ["", "-x", "x-", "a b", "../x", "a/b", "é", "x\n"])
def test_a_name_that_no_distribution_can_have_is_refused(tmp_path, name):
    with pytest.raises(PluginError, match="can't name a plugin"):
        write_plugin(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_taken_is_refused(tmp_path):
    with pytest.raises(PluginError, match="there is a backend 'torch' already"):
        write_plugin("torch", tmp_path, taken={"torch": object()})


def test_a_plugin_that_is_installed_is_not_replaced(tmp_path, place):
    place("some_module", "", distribution="cnnbench-sketch")
    place("cnnbench_painting", "", distribution="an-art")
    importlib.invalidate_caches()  # the folder was looked through before they came
    for name in ("sketch", "cnnbench_painting"):
        short = name.removeprefix("cnnbench_")
        with pytest.raises(PluginError, match=f"cnnbench-{short} is installed already"):
            write_plugin(name, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_an_existing_folder_is_left_alone(tmp_path):
    (tmp_path / "cnnbench-sketch").mkdir()
    (tmp_path / "cnnbench-sketch" / "README.md").write_text("mine")
    with pytest.raises(PluginError, match="exists and is left as it is"):
        write_plugin("sketch", tmp_path)
    assert [x.name for x in (tmp_path / "cnnbench-sketch").iterdir()] == ["README.md"]
    assert (tmp_path / "cnnbench-sketch" / "README.md").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PluginError, match=r"can't write .*: Not a directory"):
        write_plugin("sketch", tmp_path / "file" / "below")


@pytest.mark.parametrize(("output", "units"), [("softmax", 3), ("sigmoid", 1)])
@pytest.mark.parametrize("frozen", [frozenset(), frozenset({"dense_1"})])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum"])
def test_what_the_new_backend_can_do_agrees_with_the_reference(
    tmp_path, output, units, frozen, optimizer
):
    network = Network(
        input_shape=(4, 4, 1),
        layers=(
            Flatten(),
            Dense(units=6, l1=0.01, l2=0.1),
            Dense(units=5, activation="linear"),
            Dense(units=units, activation="linear"),
        ),
        classes=max(units, 2),
        output=output,
    )
    rng = np.random.default_rng(0)
    weights = initial_weights(network, seed=1)
    batches = ArrayBatches(
        rng.random((10, 4, 4, 1), dtype=np.float32),
        rng.integers(0, network.classes, 10).astype(np.int32),
        weights=rng.random(10, dtype=np.float32),
        batch_size=4,
    )
    optimization = Optimization(optimizer, frozen=frozen, global_clipnorm=0.5)
    folder = write_plugin("sketch", tmp_path)
    engine = runpy.run_path(str(folder / "cnnbench_sketch" / "_backend.py"))["open_engine"](
        "cpu", 1
    )
    models = [
        make(network, weights, optimization, 0) for make in (engine.build, NumpyEngine().build)
    ]
    for rate in (0.5, 0.1):
        ours, right = (model.train_epoch(batches, rate) for model in models)
        assert (ours.correct, ours.count) == (right.correct, right.count)
        np.testing.assert_allclose(
            [ours.loss, ours.penalty], [right.loss, right.penalty], rtol=1e-5
        )
    ours, right = (model.get_weights() for model in models)
    for name, array in right.items():
        np.testing.assert_allclose(ours[name], array, atol=1e-6, err_msg=name)
    ours, right = (model.predict(batches) for model in models)
    np.testing.assert_allclose(ours, right, atol=1e-6)
    slopes = rng.standard_normal((10, units)).astype(np.float32)
    ours, right = (model.gradients(batches.images, slopes) for model in models)
    np.testing.assert_allclose(ours, right, atol=1e-6)


def test_what_the_new_backend_lacks_it_does_not_leave_out_in_silence(tmp_path):
    layers = (Activate(function="relu"), Flatten(), Dense(units=3, activation="linear"))
    network = Network(input_shape=(4, 4, 1), layers=layers, classes=3, output="softmax")
    folder = write_plugin("sketch", tmp_path)
    open_engine = runpy.run_path(str(folder / "cnnbench_sketch" / "_backend.py"))["open_engine"]
    weights = initial_weights(network, seed=1)
    with pytest.raises(NotImplementedError, match="layer activation is not written yet"):
        open_engine("cpu", 1).build(network, weights, Optimization("sgd"), 0)


@pytest.mark.slow
def test_the_templates_are_part_of_the_wheel(workshop):
    root = Path(__file__).parents[2]
    workshop.run(f"python -m pip wheel --no-deps --no-build-isolation --wheel-dir . {root}")
    (wheel,) = workshop.folder.glob("cnnbench-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for template in FILES.values():
        assert template is None or f"cnnbench/scaffold/templates/{template}" in names


@pytest.mark.slow
def test_what_is_wrong_with_a_name_is_a_sentence_on_the_command_line(workshop):
    done = workshop.start("cnnbench new plugin ../sketch")
    assert done.returncode == 2
    assert done.stderr.startswith("cnnbench: '../sketch' can't name a plugin")
    assert "Traceback" not in done.stderr
    workshop.run("cnnbench new plugin sketch --directory deep/er")
    assert (workshop.folder / "deep" / "er" / "cnnbench-sketch" / "pyproject.toml").exists()


@pytest.mark.slow
def test_the_new_code_is_well_formed(workshop):
    workshop.run("cnnbench new plugin sketch")
    workshop.run("ruff check --isolated --select E,F,I,B,UP,SIM,RUF,N cnnbench-sketch")
    workshop.run("ruff format --isolated --check cnnbench-sketch")
    workshop.run("mypy --strict cnnbench-sketch/cnnbench_sketch")


@pytest.mark.slow
def test_a_new_plugin_installs_is_found_and_says_what_remains(workshop):
    assert "Wrote cnnbench-sketch" in workshop.run("cnnbench new plugin sketch")
    workshop.run("python -m pip install -e cnnbench-sketch")
    listing = workshop.run("cnnbench plugins")
    (_, line) = listing[listing.index("cnnbench-sketch 0.1.0\n") :].splitlines()[:2]
    assert line.split()[:3] == ["backend", "sketch", "yes"]

    tests = workshop.run("python -m pytest cnnbench-sketch")
    assert "failed" not in tests
    assert "passed" in tests
    for remains in ("layer conv", "layer pool", "layer batch_norm", "layer dropout"):
        assert remains in tests
    for remains in ("activation gelu", "option soft_labels"):
        assert remains in tests
