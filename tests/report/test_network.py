import io

import pytest
from rich.console import Console

from cnnbench.data.sources.builtin import BUILTIN_SOURCES
from cnnbench.data.spec import AugmentationSpec, DataSpec
from cnnbench.errors import RecipeError
from cnnbench.network.spec import NetworkSpec
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.spec import Recipe, Variant
from cnnbench.recipe.transfer import TransferSpec
from cnnbench.report.network import describe_network, print_network

SOURCES = {source.name: source for source in BUILTIN_SOURCES}


def configuration(**network):
    return Configuration(data=DataSpec(source="mnist5k"), network=NetworkSpec(**network))


RECIPE = Recipe(
    name="study",
    baseline="convnet",
    variants=(
        Variant(name="convnet", configuration=configuration()),
        Variant(
            name="dense [512]", configuration=configuration(architecture="dense", dense=(512,))
        ),
        Variant(
            name="unpooled", configuration=configuration(downsampling="none", batch_norm="after")
        ),
    ),
)


def printed(variant=None, width=100):
    console = Console(file=io.StringIO(), width=width)
    print_network(describe_network(RECIPE, variant, SOURCES.__getitem__), console)
    return console.file.getvalue()


def test_the_first_variant_is_shown_layer_by_layer():
    lines = printed().splitlines()
    assert lines[0].strip() == "study: convnet"
    assert lines[2].split() == ["input", "28x28x1"]
    assert lines[3].split() == [
        *("conv_1", "conv", "32,", "3x3,", "relu"),
        *("26x26x32", "320", "389,376", "3x3"),
    ]
    assert lines[-6].split() == ["total", "93,322", "5,588,480"]


@pytest.mark.parametrize("width", [60, 70, 80])
def test_a_narrow_table_keeps_every_word_and_number_of_parameters(width):
    lines = printed("unpooled", width).splitlines()
    last = next(index for index, line in enumerate(lines) if line.startswith("total"))
    assert max(map(len, lines[: last + 1])) <= width
    text = " ".join(" ".join(lines).split())
    assert "…" not in text
    # 30,976 x 64 + 64 in the dense layer.
    for word in ("conv 64,", "3x3,", "relu", "batch norm", "1,982,528", "5x5"):
        assert word in text
    assert text.count("FLOPs") == 1


def test_a_source_is_asked_once_however_many_variants_there_are():
    asked = []

    class Counted(type(SOURCES["mnist5k"])):
        def facts(self, request):
            asked.append(request)
            return super().facts(request)

    describe_network(RECIPE, None, {"mnist5k": Counted()}.__getitem__)
    assert len(asked) == 1


def test_the_other_variants_are_listed_with_their_parameters():
    lines = printed().splitlines()
    # 784 x 512 + 512, 512 x 10 + 10.
    assert lines[-2].split() == ["dense", "[512]", "407,050"]
    assert lines[-1].split()[0] == "unpooled"
    assert not any(line.startswith("convnet") for line in lines)


def test_remarks_are_sentences():
    text = printed("unpooled")
    assert "320 of the parameters are moving statistics" in text
    assert "22x22x64 = 30,976 values" in text
    assert "sees only 7x7 of the 28x28 pixels" in text


def test_an_unknown_variant_is_answered_with_the_nearest_name():
    with pytest.raises(RecipeError, match="no variant 'Convet'; did you mean 'convnet'"):
        describe_network(RECIPE, "Convet", SOURCES.__getitem__)


def test_parameters_are_told_apart_by_the_last_map():
    assert "55,744 parameters up to conv_3, 37,578 above it." in printed()
    assert "above it" not in printed("dense [512]")


def test_the_network_sees_what_a_random_crop_leaves_and_the_classes_chosen():
    data = DataSpec(source="mnist5k", classes=("3", "5", "8"))
    configuration = Configuration(data=data, augmentation=AugmentationSpec(crop=(24, 20)))
    recipe = Recipe(
        name="study", baseline="a", variants=(Variant(name="a", configuration=configuration),)
    )
    summary = describe_network(recipe, None, SOURCES.__getitem__).summary
    assert summary.input_shape == (24, 20, 1)
    assert summary.rows[-1].shape == (3,)


def test_normalisations_at_rest_do_not_hide_where_a_base_begins_to_learn():
    transfer = TransferSpec(base="mobilenet", strategy="partial", unfreeze_last=1)
    data = DataSpec(source="mnist5k", image_size=(32, 32))
    configuration = Configuration(data=data, transfer=transfer)
    recipe = Recipe(
        name="study", baseline="a", variants=(Variant(name="a", configuration=configuration),)
    )
    described = describe_network(recipe, None, SOURCES.__getitem__)
    assert described.points[-1] == "conv_dw_13"
    # 27 convolutions and as many normalisations in the base, two dense layers in the head; the last
    # depthwise convolution and the 1x1 one behind it learn with the head.
    assert described.stages[-1].endswith(
        "from conv_dw_13 on; at rest are 52 of 56 layers with parameters."
    )
