import subprocess
import sys
from functools import partial

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


@pytest.fixture
def described(command):
    return partial(command, "describe")


def test_the_first_variants_layers_are_shown_and_the_others_sizes(described, recipe):
    text = described(recipe).stdout
    assert "93,322" in text
    assert "55,744 parameters up to conv_3" in text
    # 784 x 64 + 64, 64 x 10 + 10.
    assert text.splitlines()[-1].split() == ["dense", "50,890"]


def test_another_variant_with_a_changed_key(described, recipe):
    text = described(recipe, "--variant", "dense", "--set", "network.dense=[512]").stdout
    assert "784" in text
    assert "407,050" in text


def test_other_images_change_the_shapes(described, recipe):
    text = described(
        recipe, "--data", "digits", "--set", "data.image_size=[32, 48]", "--set", "data.color='rgb'"
    ).stdout
    assert "32x48x3" in text


def test_an_impossible_network_is_refused_with_its_place(described, recipe):
    result = described(recipe, "--set", "network.kernel=30")
    assert result.returncode == 2
    assert "network.kernel" in result.stderr
    assert "conv_1 has a kernel of 30x30" in result.stderr
    assert "28x28x1" in result.stderr


def test_an_unknown_variant_is_answered_with_the_nearest(described, recipe):
    result = described(recipe, "--variant", "convent")
    assert result.returncode == 2
    assert "did you mean 'convnet'" in result.stderr


def test_a_published_network_is_shown_without_its_classifier(described):
    run = described("base:resnet50")
    assert run.returncode == 0
    assert "conv5_block3_add" in run.stdout
    assert "7x7x2048" in run.stdout
    assert "23,587,712" in run.stdout


def test_the_blocks_of_a_base_are_counted_from_its_end(described):
    blocks = described("base:vgg16", "--image-size", "32").stdout.splitlines()[-1]
    assert blocks.endswith(
        ": 1 block5_conv1, 2 block4_conv1, 3 block3_conv1, 4 block2_conv1, 5 block1_conv1."
    )


def test_a_published_network_with_its_classifier_at_another_size(described):
    text = described("base:mobilenet_v2", "--top", "--image-size", "96x160").stdout
    assert "96x160x3" in text
    assert "3,538,984" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["base:resnet5"], "there is no 'base:resnet5'; did you mean 'base:resnet50'?"),
        (["base:vgg16", "--image-size", "20"], "images of 20x20 are too small for base:vgg16"),
        (["base:vgg16", "--image-size", "x"], "--image-size 'x' is no size"),
        (["base:vgg16", "--variant", "dense"], "--variant belongs to a recipe: leave it out"),
    ],
)
def test_what_a_published_network_can_not_be_asked(described, arguments, words):
    run = described(*arguments)
    assert run.returncode == 2
    assert words in " ".join(run.stderr.split())


def test_the_advice_for_images_that_are_too_small_works(described):
    assert described("base:vgg16", "--image-size", "32").returncode == 0


def test_a_recipe_decides_its_images_itself(described, recipe):
    run = described(str(recipe), "--image-size", "32")
    assert run.returncode == 2
    assert "--image-size belongs to a published network" in run.stderr


def test_published_networks_need_no_framework():
    code = (
        "import sys; from cnnbench.report.bases import describe_base; "
        "describe_base('efficientnet_b0', None, top=True); "
        "print({'torch', 'keras', 'pandas', 'tensorflow', 'jax'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
