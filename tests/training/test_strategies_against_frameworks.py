"""Every strategy on every backend gives what it gives on the reference; features what frozen."""

import os
import subprocess
import sys

import numpy as np
import pytest
import transfer_answers
from transfer_studies import RECIPE

from cnnbench.loading.manager import load_plugins

TOLERANCE = 1e-4
# From scratch one step: batch normalisation of few maps of one pixel makes the loss so steep that
# the last bits of a first step are the second digit of what the next one finds.
STUDY = RECIPE.replace(
    'transfer.strategy = "scratch"',
    'transfer.strategy = "scratch"\n'
    "training = { epochs = 1, batch_size = 12, learning_rate = 1e-4 }",
)


@pytest.fixture(scope="module")
def expected(tmp_path_factory, pretrained):
    """On the reference."""
    folder = tmp_path_factory.mktemp("reference")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CNNBENCH_CACHE", str(folder / "cache"))
        return transfer_answers.answers(folder, pretrained, STUDY)


@pytest.mark.parametrize("backend", ["torch-native", "torch", "tensorflow", "jax"])
def test_each_strategy_computes_what_the_reference_computes(
    backend, expected, tmp_path, pretrained
):
    environment = {
        **os.environ,
        **load_plugins().backend(backend).environment("cpu", 1),
        "CNNBENCH_CACHE": str(tmp_path / "cache"),
    }
    (tmp_path / "recipe").write_text(STUDY)
    command = [sys.executable, transfer_answers.__file__, backend, str(tmp_path)]
    command += [str(pretrained), str(tmp_path / "recipe")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "answers.npz") as file:
        made = dict(file)
    assert made.keys() == expected.keys()
    differences = {name: np.abs(made[name] - expected[name]).max() for name in expected}
    assert {name: x for name, x in differences.items() if not x < TOLERANCE} == {}
    np.testing.assert_allclose(made["features"], made["frozen"], rtol=1e-5, atol=1e-6)
    for one in ("partial", "scratch", "copies"):
        assert np.abs(made[one] - made["features"]).max() > 10 * TOLERANCE, "strategies differ"
