"""What one backend trained, any other predicts."""

import csv
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import cnnbench

from .conftest import DIGITS, take_home

pytestmark = pytest.mark.framework
RECIPE = """
replicates = 1
[data]
source = "digits"
image_size = [32, 32]
train = 12
validation = 6
test = 8
classes = ["0", "1"]
[transfer]
base = "mobilenet"
weights = "random"
scaling = "caffe"
strategy = "partial"
unfreeze_from = "conv_dw_13"
head_epochs = 2
[transfer.head]
pooling = "average"
dense = [4]
[network]
output = "sigmoid"
[training]
epochs = 2
batch_size = 4
"""


@pytest.mark.parametrize("backend", ["torch-native", "torch", "tensorflow", "jax"])
def test_every_backend_gives_the_recorded_probabilities(taken, tmp_path, backend):
    rows = taken.outcome.rows
    for row in rows:
        Image.fromarray(DIGITS[row]).save(tmp_path / f"{row:04}.png")
    command = ["predict", str(taken.folder), str(tmp_path), "--backend", backend, "-f", "csv"]
    done = subprocess.run(
        [sys.executable, "-m", "cnnbench", *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"note: {backend} predicts what scripted trained" in done.stderr
    found = list(csv.DictReader(io.StringIO(done.stdout)))
    values = [[float(row[f"probability of {name}"]) for name in ("1", "0", "7")] for row in found]
    np.testing.assert_allclose(values, taken.outcome.predictions[np.argsort(rows)], atol=1e-5)


def test_a_base_with_a_head_of_one_unit_is_taken_home_in_its_stages(tmp_path):
    """Grey images for three channels in blue, green, red; two stages; a single sigmoid unit."""
    (tmp_path / "study.toml").write_text(RECIPE)
    results = tmp_path / "results"
    cnnbench.run(tmp_path / "study.toml", "torch-native", results=results, progress=False)
    home = take_home(results, tmp_path / "winner")
    retraining, (outcome,) = home.retraining, home.trained.outcomes
    assert [len(stage.rates) for stage in retraining.trials[0].stages] == [2, 2]
    assert [epoch.learning_rate for epoch in outcome.history] == [1e-3, 1e-3, 1e-5, 1e-5]
    predictor = cnnbench.Predictor(tmp_path / "winner")
    pixels = retraining.networks[0].images.chosen.images[outcome.rows]
    probabilities = predictor.predict_proba(pixels)
    assert probabilities.shape == (8, 2)
    np.testing.assert_allclose(probabilities, outcome.predictions, atol=1e-6)
