"""A winner as one network that takes images as they are."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

import cnnbench
from cnnbench.errors import OptionsError, PluginError
from cnnbench.installed import installed_plugins
from cnnbench.loading.guards import GuardedExporter
from cnnbench.plugin import Availability, Exporter, Optimization
from cnnbench.testing import ArrayBatches
from cnnbench.testing.numpy_backend import NumpyEngine
from cnnbench.winner.export import export_winner, find_exporter, from_pixels
from cnnbench.winner.folder import read_winner

pytestmark = pytest.mark.usefixtures("scripted_path")
IMAGES = np.random.default_rng(1).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)


def predicted(winner, images):
    """What the exported network makes of images in 0..255."""
    network, weights = from_pixels(winner)
    model = NumpyEngine().build(network, weights, Optimization("sgd"), 0)
    return model.predict(ArrayBatches(images.astype(np.float32), np.zeros(len(images), np.int32)))


@pytest.fixture
def changed(taken, tmp_path):
    """The winner with another preprocessing, and a network that takes other channels."""

    def change(channels, **preprocessing):
        folder = shutil.copytree(taken.folder, tmp_path / "changed")
        winner = read_winner(folder)
        weights = dict(winner.weights)
        rng = np.random.default_rng(2)
        kernel = rng.normal(size=(3, 3, channels, 3)).astype(np.float32)
        weights["conv_1/kernel"] = kernel
        network = winner.network.model_copy(update={"input_shape": (8, 8, channels)})
        told = json.loads(winner.description.preprocessing.model_dump_json()) | preprocessing
        description = winner.description.model_validate(
            winner.description.model_dump() | {"network": network, "preprocessing": told}
        )
        return SimpleNamespace(
            folder=folder, description=description, network=network, weights=weights
        )

    return change


def by_hand(winner, scaled):
    """What the winner's own network makes of scaled images."""
    model = NumpyEngine().build(winner.network, winner.weights, Optimization("sgd"), 0)
    batches = ArrayBatches(scaled.astype(np.float32), np.zeros(len(scaled), np.int32))
    return model.predict(batches)


def test_the_scaling_is_part_of_the_network(taken):
    winner = read_winner(taken.folder)
    grey = IMAGES[..., :1]
    expected = cnnbench.Predictor(taken.folder).predict_proba(grey)
    np.testing.assert_allclose(predicted(winner, grey), expected, atol=1e-6)


def test_every_channel_has_its_own_numbers(changed):
    scaling = {"factor": [0.01, 0.02, 0.03], "offset": [0.1, 0.2, 0.3]}
    winner = changed(3, color="rgb", scaling=scaling)
    expected = by_hand(winner, IMAGES * [0.01, 0.02, 0.03] + [0.1, 0.2, 0.3])
    np.testing.assert_allclose(predicted(winner, IMAGES), expected, atol=1e-5)


def test_channels_are_turned_round_for_a_base_that_takes_them_so(changed):
    mean = [103.939, 116.779, 123.68]
    winner = changed(3, color="rgb", scaling={"mean": mean, "deviation": [50.0], "order": "bgr"})
    expected = by_hand(winner, (IMAGES[..., ::-1] - mean) / 50)
    np.testing.assert_allclose(predicted(winner, IMAGES), expected, atol=1e-5)


def test_a_grey_image_is_repeated_for_a_base_of_three_channels(changed):
    mean = [103.939, 116.779, 123.68]
    winner = changed(3, scaling={"mean": mean, "deviation": [50.0], "order": "bgr"})
    grey = IMAGES[..., :1]
    expected = by_hand(winner, (np.repeat(grey, 3, axis=3) - mean) / 50)
    np.testing.assert_allclose(predicted(winner, grey), expected, atol=1e-5)


class Writer(Exporter):
    name = "txt"

    def check(self):
        return Availability(available=True)

    def export(self, network, weights, path):
        path.write_text(",".join(weights))


class Failing(Writer):
    def export(self, network, weights, path):
        path.write_text("half")
        raise ValueError("no such layer")


class Silent(Writer):
    def export(self, network, weights, path):
        pass


def test_a_file_is_whole_or_not_there(taken, tmp_path):
    winner = read_winner(taken.folder)
    export_winner(winner, GuardedExporter(Writer(), "exporter 'txt' of it"), tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text().startswith("conv_1/kernel,")
    for wrong, said in ((Failing(), "failed: ValueError: no such layer"), (Silent(), "left no f")):
        with pytest.raises(PluginError, match=f"exporter 'txt' of it {said}"):
            export_winner(
                winner, GuardedExporter(wrong, "exporter 'txt' of it"), tmp_path / "b.txt"
            )
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    with pytest.raises(OptionsError, match="can't be written: it does not exist"):
        export_winner(winner, Writer(), tmp_path / "absent" / "c.txt")


def test_a_suffix_of_no_format_is_told_with_those_that_there_are(tmp_path):
    plugins = installed_plugins()
    with pytest.raises(
        OptionsError, match=r"model\.kera has '\.kera', .* mean '\.keras'\? formats:"
    ):
        find_exporter(plugins, tmp_path / "model.kera")
    with pytest.raises(OptionsError, match=r"model has no suffix, which stands for no format"):
        find_exporter(plugins, tmp_path / "model")
    assert find_exporter(plugins, tmp_path / "MODEL.Keras").name == "keras"


def test_an_exporter_that_cant_write_here_says_what_to_install(tmp_path):
    class Absent(Writer):
        def check(self):
            return Availability(False, "txt is not installed", install="pip install txt")

    plugins = SimpleNamespace(exporters={"txt": Absent()}, exporter=lambda _: Absent())
    with pytest.raises(
        PluginError, match=r"txt can't be written here: .*install it with: pip inst"
    ):
        find_exporter(plugins, tmp_path / "a.txt")
