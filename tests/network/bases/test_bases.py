import pytest

from cnnbench.network.bases import BASES
from cnnbench.network.receptive import receptive_fields
from cnnbench.network.summary import summarize

PARAMETERS = {
    "vgg16": (14_714_688, 138_357_544),
    "vgg19": (20_024_384, 143_667_240),
    "resnet50": (23_587_712, 25_636_712),
    "densenet121": (7_037_504, 8_062_504),
    "inception_v3": (21_802_784, 23_851_784),
    "xception": (20_861_480, 22_910_480),
    "mobilenet": (3_228_864, 4_253_864),
    "mobilenet_v2": (2_257_984, 3_538_984),
    "mobilenet_v3_small": (939_120, 2_554_968),
    # Keras counts seven numbers of its normalisation by constants too.
    "efficientnet_b0": (4_049_571 - 7, 5_330_571 - 7),
    "efficientnet_v2b0": (5_919_312, 7_200_312),
    # 4,652,008 weights are published; 42,016 moving statistics beside them.
    "efficientnet_lite0": (4_652_008 + 42_016 - 1_281_000, 4_652_008 + 42_016),
}


@pytest.mark.parametrize("name", BASES)
def test_a_base_has_the_published_number_of_parameters(name):
    totals = tuple(
        summarize(BASES[name]((224, 224, 3), top=top)).parameters for top in (False, True)
    )
    assert totals == PARAMETERS[name]


@pytest.mark.parametrize("name", BASES)
def test_a_base_ends_in_a_map_or_in_the_scores(name):
    base = BASES[name]((224, 224, 3))
    assert (base.output, base.classes) == ("features", 0)
    assert len(base.nodes()[-1].shape) == 3
    whole = BASES[name]((224, 224, 3), top=True, classes=10)
    assert (whole.output, whole.classes) == ("softmax", 10)
    assert whole.nodes()[-1].shape == (10,)


@pytest.mark.parametrize(("name", "shape"), [("resnet50", (7, 7, 2048)), ("vgg16", (7, 7, 512))])
def test_the_last_map_of_an_image_of_224_pixels(name, shape):
    assert BASES[name]((224, 224, 3)).nodes()[-1].shape == shape


@pytest.mark.parametrize(
    ("name", "size"),
    # Araujo, Norris and Sim 2019, table 1.
    [("vgg16", 212), ("resnet50", 483), ("inception_v3", 1311), ("mobilenet", 315)],
)
def test_the_published_receptive_field_of_a_base(name, size):
    assert receptive_fields(BASES[name]((224, 224, 3)))[-1].size == (size, size)


@pytest.mark.parametrize("name", BASES)
def test_a_base_takes_grey_images_of_any_size_that_fits(name):
    assert BASES[name]((97, 129, 1)).nodes()[-1].shape[2] > 0
