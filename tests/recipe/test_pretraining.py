"""What a `[pretrain.NAME]` section says, and what it can get wrong."""

import jsonschema
import pytest

from cnnbench.errors import NetworkError, RecipeError
from cnnbench.loading.manager import load_plugins
from cnnbench.network.architectures import build_network
from cnnbench.network.cut import trunk
from cnnbench.network.layers import Conv, Dense, Flatten
from cnnbench.network.network import Network
from cnnbench.network.spec import NetworkSpec
from cnnbench.recipe.load import load_recipe
from cnnbench.recipe.schema import recipe_schema
from cnnbench.recipe.toml import parse
from cnnbench.report.network import describe_network

RECIPE = """[data]
source = "digits"
classes = ["5", "6"]
train = 10
[network]
filters = [4, 8]
dense = [3]
[training]
epochs = 7
[pretrain.lower]
data.classes = ["0", "1"]
training.batch_size = 5
[transfer]
weights = "cnnbench:lower"
[[variant]]
name = "scratch"
transfer.strategy = "scratch"
[[variant]]
name = "full"
transfer.strategy = "full"
"""
CLASSES = 'data.classes = ["0", "1"]\n'
OWN = "training.batch_size = 5"
WEIGHTS = 'weights = "cnnbench:lower"'


@pytest.fixture
def load(tmp_path):
    def from_text(text=RECIPE, *overrides):
        path = tmp_path / "study.toml"
        path.write_text(text)
        return load_recipe(path, overrides=overrides, find_source=load_plugins().source)

    return from_text


@pytest.fixture
def refused(load):
    def problems(text, *overrides):
        with pytest.raises(RecipeError) as caught:
            load(text, *overrides)
        return [str(x).rpartition("/")[2] for x in caught.value.problems]

    return problems


def test_a_base_has_the_settings_of_the_study_but_for_its_images_and_what_it_says(load):
    (base,) = load().pretrain
    assert base.configuration.data.source == "digits"
    assert base.configuration.data.train is None
    assert base.configuration.data.classes == ("0", "1")
    assert base.configuration.network.filters == (4, 8)
    assert (base.configuration.training.epochs, base.configuration.training.batch_size) == (7, 5)
    assert not base.configuration.transfer.active


def test_the_network_is_that_of_the_base_below_a_new_head(load):
    recipe = load()
    configuration = recipe.variants[1].configuration
    network = configuration.network_for((8, 8, 1), ("5", "6"), recipe.bases)
    head = ["head_flatten", "head_dense_1", "head_dropout_1", "head_output"]
    assert [name for name, _ in network.named_layers()] == ["conv_1", "pool_1", "conv_2", *head]
    own = load(RECIPE.replace("training.batch_size = 5", "network.filters = [2]"))
    network = own.variants[1].configuration.network_for((8, 8, 1), ("5", "6"), own.bases)
    assert [layer.filters for layer in network.layers if isinstance(layer, Conv)] == [2]


def test_the_command_line_changes_a_base_and_what_it_shares_with_the_study(load):
    recipe = load(RECIPE, "pretrain.lower.training.epochs=2")
    assert recipe.pretrain[0].configuration.training.epochs == 2
    assert recipe.variants[0].configuration.training.epochs == 7
    recipe = load(RECIPE, "training.epochs=3")
    assert recipe.pretrain[0].configuration.training.epochs == 3
    recipe = load(RECIPE, "training.batch_size=9")
    assert recipe.pretrain[0].configuration.training.batch_size == 5, "it says so itself"


def test_a_recipe_that_extends_another_changes_its_base_key_by_key(load, tmp_path):
    (tmp_path / "parent.toml").write_text(RECIPE)
    recipe = load('extends = "parent.toml"\n[pretrain.lower.training]\nepochs = 2\n')
    (base,) = recipe.pretrain
    assert (base.configuration.training.epochs, base.configuration.training.batch_size) == (2, 5)


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        (
            "cnnbench:lower",
            "cnnbench:lowr",
            14,
            "no section [pretrain.lowr] that trains a base; did",
        ),
        (
            '["0", "1"]',
            '["6", "1"]',
            11,
            "test images of variant 'scratch': both use the classes 6 ",
        ),
        (
            CLASSES,
            "",
            10,
            "classes 5, 6 of digits; give the base others, such as data.cla",
        ),
        (OWN, "training.batch_siz = 5", 12, "lower.training.batch_siz: unknown key; did you mean"),
        (OWN, "training.batch_size = 0", 12, "lower.training.batch_size: got "),
        (OWN, 'transfer.strategy = "full"', 12, "lower.transfer: a base is trained as one network"),
        (OWN, "trainings.epochs = 5", 12, "did you mean 'training'?"),
        (OWN, "data.image_size = [9, 9]", 12, "of 9x9 pixels and 1 channel, but variant 'scratch'"),
        (OWN, 'data.color = "rgb"', 10, "of 8x8 pixels and 3 channels"),
        (OWN, 'data.normalization = "center"', 12, 'normalization = "center" follows from the'),
        (OWN, 'network.architecture = "dense"', 14, "[pretrain.lower]: the network has no convol"),
        (OWN, "data.train = 5000", 12, "lower.data.train: train asks for"),
        ("[pretrain.lower]", "[pretrain]", 11, "a base has a name"),
        (
            "[pretrain.lower]",
            '[pretrain."lo wer"]',
            10,
            "made of letters, digits, - and _, not",
        ),
        (WEIGHTS, f'{WEIGHTS}\nbase = "vgg16"', 15, "says which network it is: leave base out"),
        (WEIGHTS, 'weights = "random"', 10, "no variant starts from it: set transfer.weights = "),
    ],
)
def test_each_mistake_is_a_sentence_at_its_place(refused, old, new, line, expected):
    assert old in RECIPE
    problems = refused(RECIPE.replace(old, new))
    assert any(x.startswith(f"study.toml:{line}: ") and expected in x for x in problems), problems


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("pretrain.lowe.training.epochs=3", "there is no section [pretrain.lowe]; did you mean"),
        ("pretrain.lower.training.epochz=3", "unknown key; did you mean 'epochs'?"),
        ("pretrain.lower.tune.candidates=3", "without [tune]"),
        ("pretrain.lower=3", "expected pretrain.NAME.SECTION.KEY=VALUE"),
        ("pretrain=3", "there is no section [pretrain.]"),
    ],
)
def test_each_mistake_on_the_command_line_is_a_sentence(refused, override, expected):
    (problem,) = refused(RECIPE, override)
    assert expected in problem


def test_a_base_that_the_command_line_leaves_unused_is_no_mistake(load):
    text = RECIPE.replace('transfer.strategy = "full"', "network.dropout = 0.1")
    recipe = load(text, "transfer.weights=random")
    assert not recipe.variants[0].configuration.transfer.active


def test_the_schema_knows_the_sections():
    jsonschema.validate(parse(RECIPE), recipe_schema())
    wrong = parse(RECIPE.replace("training.batch_size", "transfer.head_epochs"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, recipe_schema())


def test_the_trunk_of_a_network_is_all_up_to_its_last_map():
    spec = NetworkSpec(squeeze_excite=2, residual=True, padding="same")
    network = build_network(spec, (16, 16, 1), 3)
    base = trunk(network)
    names = [name for name, _ in network.named_layers()]
    kept = [name for name, _ in base.named_layers()]
    assert kept == names[: len(kept)]
    assert names[len(kept)].startswith("flatten")
    assert (base.output, base.classes) == ("features", 0)
    layers = (Flatten(), Dense(units=3), Dense(units=2))
    flat = Network(input_shape=(4, 4, 1), layers=layers, classes=2)
    with pytest.raises(NetworkError, match="no convolution before its head"):
        trunk(flat)


def test_the_last_blocks_of_a_base_of_ones_own_are_its_convolutions(load, refused):
    text = RECIPE.replace('strategy = "full"', 'strategy = "partial"')
    text += "transfer.unfreeze_last = {}\n"
    recipe = load(text.format(1))
    configuration = recipe.variants[1].configuration
    _, fine = configuration.stages_for((8, 8, 1), recipe.bases)
    assert fine.frozen == {"conv_1", "pool_1"}
    assert describe_network(recipe, "full", load_plugins().source).points == ("conv_1", "conv_2")
    (problem,) = refused(text.format(3))
    assert "transfer.unfreeze_last: variant 'full': the base has 2 blocks, not 3" in problem


def test_describing_a_variant_says_what_learns_in_each_stage(load):
    recipe = load()
    find_source = load_plugins().source
    head, base = (8 * 256 + 256) + (2 * 256 + 2), (3 * 3 * 4 + 4) + (3 * 3 * 4 * 8 + 8)
    first, second = describe_network(recipe, "full", find_source).stages
    assert first == (
        f"Stage 1, 10 epochs: {head:,} parameters learn; at rest are 2 of 4 layers with "
        "parameters, conv_1 to conv_2."
    )
    whole = f"7 epochs: {head + base:,} parameters learn, no layer is at rest."
    assert second == f"Stage 2, {whole}"
    assert describe_network(recipe, "scratch", find_source).stages == (whole,)
