import subprocess
import sys

import pytest

RECIPE = """
baseline = "convnet"

[data]
source = "mnist5k"

[[variant]]
name = "convnet"

[[variant]]
name = "dense"
network.architecture = "dense"
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "digits.toml"
    path.write_text(RECIPE)
    return path


def described(*arguments):
    return subprocess.run(
        [sys.executable, "-c", "from cnnbench.cli import main; main()", "describe", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_first_variants_layers_are_shown_and_the_others_sizes(recipe):
    text = described(recipe).stdout
    assert "93,322" in text
    assert "55,744 parameters up to conv_3" in text
    # 784 x 64 + 64, 64 x 10 + 10.
    assert text.splitlines()[-1].split() == ["dense", "50,890"]


def test_another_variant_with_a_changed_key(recipe):
    text = described(recipe, "--variant", "dense", "--set", "network.dense=[512]").stdout
    assert "784" in text
    assert "407,050" in text


def test_other_images_change_the_shapes(recipe):
    text = described(
        recipe, "--data", "digits", "--set", "data.image_size=[32, 48]", "--set", "data.color='rgb'"
    ).stdout
    assert "32x48x3" in text


def test_an_impossible_network_is_refused_with_its_place(recipe):
    result = described(recipe, "--set", "network.kernel=30")
    assert result.returncode == 2
    assert "network.kernel" in result.stderr
    assert "conv_1 has a kernel of 30x30" in result.stderr
    assert "28x28x1" in result.stderr


def test_an_unknown_variant_is_answered_with_the_nearest(recipe):
    result = described(recipe, "--variant", "convent")
    assert result.returncode == 2
    assert "did you mean 'convnet'" in result.stderr
