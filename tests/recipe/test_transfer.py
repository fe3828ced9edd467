"""What a `[transfer]` section can get wrong, told before anything trains."""

from typing import get_args

import pytest

from cnnbench.data.passes.scaling import SCALINGS
from cnnbench.errors import RecipeError
from cnnbench.loading.manager import load_plugins
from cnnbench.network.bases import BASES
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.load import load_recipe
from cnnbench.recipe.training import Averaging, Schedule, TrainingSpec
from cnnbench.recipe.transfer import Scaling, TransferSpec

START = '[data]\nsource = "digits"\nimage_size = [32, 32]\n[transfer]\nbase = "mobilenet"\n'


def load(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text)
    return load_recipe(path, find_source=load_plugins().source)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('strategy = "part"', "expected one of features, frozen, partial, full, scratch"),
        ('strategy = "partial"', "study.toml:6: transfer.strategy"),
        ('strategy = "partial"\nunfreeze_from = "conv_dx_13"', "did you mean 'conv_dw_13'"),
        ('strategy = "partial"\nunfreeze_from = "head_output"', "the base has no layer 'head_out"),
        ('strategy = "partial"\nunfreeze_last = 14', "the base has 13 blocks, not 14"),
        ('strategy = "partial"\nunfreeze_last = 14', "study.toml:7: transfer.unfreeze_last: "),
        ('strategy = "partial"\nunfreeze_last = -1', "expected a whole number of at least 0"),
        (
            'strategy = "partial"\nunfreeze_last = 1\nunfreeze_from = "conv_dw_13"',
            'unfreeze_from = "conv_dw_13" says where already: leave one of the two out',
        ),
        ("[augmentation]\nrotation = 0.1", "computed once an image, so that augmentation"),
        ("[augmentation]\nrotation = 0.1", "say with augmentation.copies how many of each image"),
        (
            "[augmentation]\nrotation = 0.1\ncopies = 0",
            "augmentation.copies: got 0, expected a whole number of at least 1",
        ),
    ],
)
def test_each_mistake_is_a_sentence_at_its_place(tmp_path, lines, expected):
    if expected == "study.toml:6: transfer.strategy":
        expected = "strategy partial needs the first layer that moves"
    with pytest.raises(RecipeError) as caught:
        load(tmp_path, f"{START}{lines}\n")
    assert expected in str(caught.value)
    assert "study.toml" in str(caught.value)


def test_images_that_are_too_small_are_told_with_the_size_that_is_not(tmp_path):
    text = START.replace("mobilenet", "inception_v3").replace("[32, 32]", "[20, 75]")
    with pytest.raises(RecipeError, match=r"takes images of (\d+)x\1 pixels or more") as caught:
        load(tmp_path, text)
    side = int(str(caught.value).partition("images of ")[2].partition("x")[0])
    load(tmp_path, text.replace("[20, 75]", f"[{side}, {side}]"))
    with pytest.raises(RecipeError):
        load(tmp_path, text.replace("[20, 75]", f"[{side - 1}, {side - 1}]"))


def test_two_classes_may_share_one_unit(tmp_path):
    text = START.replace(
        "[transfer]", 'classes = ["0", "1"]\n[network]\noutput = "sigmoid"\n[transfer]'
    )
    (variant,) = load(tmp_path, text).variants
    network = variant.configuration.network_for((32, 32, 1), ("0", "1"))
    assert (network.output, network.layers[-1].units) == ("sigmoid", 1)
    with pytest.raises(RecipeError, match=r"network\.output"):
        load(tmp_path, text.replace('classes = ["0", "1"]', ""))


def test_every_scaling_can_be_named():
    assert set(SCALINGS) == set(get_args(Scaling))


def test_a_base_that_there_is_not_is_told_with_the_nearest_one(tmp_path):
    with pytest.raises(RecipeError, match=r"5: transfer\.base: .*'mobilnet'; did you mean 'mobil"):
        load(tmp_path, START.replace("mobilenet", "mobilnet"))


@pytest.mark.parametrize("base", BASES)
def test_the_head_stands_on_every_base_and_every_base_can_be_fine_tuned(base):
    spec = {"base": base, "strategy": "full", "head": {"pooling": "max", "dense": [7]}}
    configuration = Configuration.model_validate(
        {"data": {"source": "x"}, "transfer": spec}, strict=False
    )
    network = configuration.network_for((96, 96, 3), ("a", "b", "c"))
    names = [name for name, _ in network.named_layers()]
    assert names[-4:] == ["head_max", "head_dense_1", "head_dropout_1", "head_output"]
    head, fine = configuration.stages_for((96, 96, 3))
    assert set(names[:-4]) == head.frozen
    assert fine.frozen < head.frozen


def test_of_two_stages_the_last_alone_is_averaged():
    spec = TransferSpec(base="mobilenet", strategy="full", head_epochs=2)
    training = TrainingSpec(averaging=Averaging(kind="swa"), schedule=Schedule(warmup_epochs=1))
    stages = spec.stages(BASES["mobilenet"]((32, 32, 3)), training)
    assert [stage.training.averaging.kind for stage in stages] == ["none", "swa"]
    assert [stage.training.schedule.warmup_epochs for stage in stages] == [1, 1]


def test_a_matrix_goes_from_the_last_block_up(tmp_path):
    text = f'{START}strategy = "partial"\n[matrix]\ntransfer.unfreeze_last = [1, 2, 3]\n'
    recipe = load(tmp_path, text)
    assert [x.name for x in recipe.variants] == [f"unfreeze_last={n}" for n in (1, 2, 3)]
    names = [name for name, _ in BASES["mobilenet"]((32, 32, 3)).named_layers()]
    starts = ("conv_dw_13", "conv_dw_12", "conv_dw_11")
    for variant, first in zip(recipe.variants, starts, strict=True):
        head, fine = variant.configuration.stages_for((32, 32, 1))
        assert head.frozen == set(names)
        norms = {name for name in names if name.endswith("bn")}
        assert fine.frozen == set(names[: names.index(first)]) | norms


def test_other_strategies_ask_for_no_block(tmp_path):
    load(tmp_path, f'{START}strategy = "full"\nunfreeze_last = 99\n')
