"""A recipe that can't be done is refused before anything trains."""

from pathlib import Path

import pytest

TENS = '[data]\nsource = "tens"\n'
"""500 training and 100 test images of ten classes, 28x28x1."""
PHOTOS = '[data]\nsource = "photos:pets"\n'
"""100 cats and 100 dogs, 32x32x3."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[data]\nsource = "photo:x"\n',
            "study.toml:2: data.source: there is no source 'photo'; found: photos, tens",
        ),
        (
            '[data]\nsource = "photos:empty"\n',
            "study.toml:2: data.source: {folder}/empty holds no images",
        ),
        (
            TENS + "train = 501\n",
            "study.toml:3: data.train: train asks for 501 images, but ",
        ),
        (
            TENS + "test = 200\n",
            "study.toml:3: data.test: test asks for 200 images, but the source's",
        ),
        (
            TENS + 'classes = ["1", "11"]\n',
            "study.toml:3: data.classes: the source has no class '11'; did you mean '1'?",
        ),
        (TENS + 'classes = ["1"]\n', "study.toml:3: data.classes: at least two classes are needed"),
        (
            TENS + "[augmentation]\ncrop = [28, 29]\n",
            "study.toml:4: augmentation.crop: a crop of 28x29 does not fit in images of 28x28",
        ),
        (
            TENS + '[network]\noutput = "sigmoid"\n',
            'study.toml:4: network.output: output = "sigmoid" is one unit that tells two',
        ),
        (
            TENS + '[training]\nbatches = "balanced"\nclass_weights = "balanced"\n',
            "study.toml:4: training.batches: balanced batches hold every class alike already",
        ),
        (
            TENS + "[evaluation]\nfolds = 1\n",
            "study.toml:4: evaluation.folds: evaluation.folds = 1 leaves nothing to train on",
        ),
        (
            TENS + "[evaluation]\nfolds = 501\n",
            "study.toml:4: evaluation.folds: evaluation.folds = 501, but there are only 500 images",
        ),
        (
            TENS + '[network]\narchitecture = "layers"\n'
            'layers = [\n  { type = "flatten" },\n  { type = "conv", filters = 3 },\n]\n',
            "study.toml:5: network.layers: conv_1 takes a map of height, width and channels",
        ),
        (
            TENS + "[network]\nfilters = []\n",
            "study.toml:4: network.filters: a convnet needs at least one convolution",
        ),
        (
            TENS + "[network]\nfilters = [4, 4, 4, 4, 4]\n",
            "study.toml:4: network.kernel: conv_4 has a kernel of 3x3, but its input is only 1x1x4",
        ),
        (
            TENS + "[augmentation]\ncrop = [8, 8]\n",
            "study.toml: network.pool: pool_2 has a pooling window of 2x2, but its input is only",
        ),
    ],
)
def test_what_can_not_be_done_is_told_at_the_key_to_blame(problems, tmp_path, text, expected):
    (problem,) = problems(text)
    assert problem.startswith(expected.format(folder=tmp_path))


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        (
            "early_stopping.patience = 3",
            "study.toml:5: training.early_stopping.monitor: val_loss can't be monitored, as the so",
        ),
        (
            'schedule.kind = "plateau"',
            "study.toml:5: training.schedule.kind: a plateau of the validation loss can't be seen",
        ),
    ],
)
def test_validation_values_can_not_be_waited_for_without_validation_images(
    load, problems, training, expected
):
    data = '[data]\nsource = "parts"\nclasses = {classes}\n[training]\n'
    (problem,) = problems(data.format(classes=["b", "c"]) + training + "\n")
    assert problem.startswith(expected)
    load(data.format(classes=["a", "b"]) + training + "\n")
    load(data.format(classes=["b", "c"]) + training + "\n[evaluation]\nfolds = 2\n")
    load(data.format(classes=["b", "c"]) + 'early_stopping = { patience = 3, monitor = "loss" }\n')


@pytest.mark.parametrize(
    ("text", "epochs", "whose"),
    [
        ("{data}[training]\nepochs = 5\nschedule.warmup_epochs = {warmup}\n", 5, "training.epochs"),
        (
            (
                "{data}[training]\nschedule.warmup_epochs = {warmup}\n"
                '[transfer]\nbase = "mobilenet"\nstrategy = "full"\nhead_epochs = 3\n'
            ),
            3,
            "transfer.head_epochs",
        ),
    ],
)
def test_a_warm_up_leaves_epochs_at_the_full_rate(load, problems, text, epochs, whose):
    (problem,) = problems(text.format(data=PHOTOS, warmup=epochs))
    assert "training.schedule.warmup_epochs: " in problem
    assert problem.endswith(
        f": a warm-up of {epochs} epochs leaves none of the {epochs} that {whose} has for the full "
        "learning rate: make it shorter, or raise that"
    )
    load(text.format(data=PHOTOS, warmup=epochs - 1))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (
            "early_stopping.patience = 3",
            "study.toml:4: training.averaging.kind: an average is of the epochs up to the last, e",
        ),
        (
            "[ensemble]\nmethod = 'snapshot'",
            "study.toml:6: ensemble.method: a snapshot is one network of a training, an average",
        ),
    ],
)
def test_an_average_of_many_epochs_excludes_what_is_of_one(load, problems, other, expected):
    training = "averaging.kind = '{}'\n{}\n"
    (problem,) = problems(f"{TENS}[training]\n{training.format('swa', other)}")
    assert problem.startswith(expected)
    load(f"{TENS}[training]\n{training.format('none', other)}")
    load(f"{TENS}[training]\n{training.format('swa', '')}")


def test_mistakes_of_form_come_first_and_alone(problems):
    text = '[data]\nsource = "photo"\ntrain = {train}\n[network]\n{key} = 40\n'
    found = problems(text.format(train='"x"', key="kernal"))
    assert [problem[:13] for problem in found] == ["study.toml:3:", "study.toml:5:"]
    (found,) = problems(text.format(train=3, key="kernel"))
    assert found.startswith("study.toml:2: data.source: there is no source 'photo'")


def test_a_section_in_capitals_is_one_mistake(problems):
    text = TENS + "[Network]\nfilters = [4]\n[augmentation]\ncrop = [8, 8]\n"
    (problem,) = problems(text)
    assert problem.startswith("study.toml:3: Network: unknown key; did you mean 'network'?")


def test_a_wrong_network_hides_no_wrong_amount(problems):
    found = problems(TENS + "train = 501\n[network]\nkernel = 99\n")
    assert [problem[:13] for problem in found] == ["study.toml:3:", "study.toml:5:"]


def test_all_that_can_not_be_done_is_told_at_once(problems):
    found = problems(
        '[data]\nsource = "tens"\nclasses = ["x", "3"]\ntrain = 90000\n'
        "[network]\nfilters = [8]\nkernel = 40\n[evaluation]\nfolds = 1\n"
    )
    assert [problem.split(": ")[:2] for problem in found] == [
        ["study.toml:3", "data.classes"],
        ["study.toml:4", "data.train"],
        ["study.toml:7", "network.kernel"],
        ["study.toml:9", "evaluation.folds"],
    ]


def test_every_amount_that_is_too_large_is_told(problems):
    found = problems('[data]\nsource = "photos:x"\ntrain = 900\nvalidation = 900\ntest = 900\n')
    assert [problem.split(": ")[1] for problem in found] == [
        "data.train",
        "data.validation",
        "data.test",
    ]


@pytest.mark.parametrize(
    "text",
    [
        TENS + "train = 300\n[network]\nfiltres = [8, 8]\n[augmentation]\ncrop = [8, 8]\n",
        TENS + "train = 300\n[network]\ndepth = 2\n[augmentation]\ncrop = [8, 8]\n",
        TENS + "[network]\npool = 1.5\n[augmentation]\ncrop = [8, 8]\n",
        TENS + "[network]\ncrop = [28, 28]\nkernel = 13\n",
        TENS + "train = 450\nvalidaton = 50\n",
        TENS + "train = 450\nvalidation = -50\n",
        TENS + "[evaluation]\nfold = 5\n",
        TENS + 'clases = ["1", "2"]\n[network]\noutput = "sigmoid"\n',
        '[data]\nsource = "photos:x"\nimage_size = 64\n[network]\nkernel = 9\n',
    ],
)
def test_what_follows_from_a_mistake_is_no_second_mistake(problems, text):
    assert len(problems(text)) == 1


@pytest.mark.parametrize(
    ("network", "key", "architecture", "users"),
    [
        ("layers = [{ type = 'flatten' }]", "layers", "convnet", '"layers"'),
        ("filters = [8]\narchitecture = 'dense'", "filters", "dense", '"convnet"'),
        (
            "dropout = 0.5\narchitecture = 'layers'\nlayers = [{ type = 'flatten' }]",
            "dropout",
            "layers",
            '"convnet" or "dense"',
        ),
    ],
)
def test_a_key_that_no_architecture_of_the_recipe_uses_is_told(
    problems, network, key, architecture, users
):
    (problem,) = problems(f"{TENS}[network]\n{network}\n")
    assert problem == (
        f'study.toml:4: network.{key}: has no effect on architecture = "{architecture}": leave it '
        f"out, or choose architecture = {users}"
    )


@pytest.mark.parametrize(
    ("key", "optimizer", "user"),
    [
        ("nesterov = true", "sgd", "momentum"),
        ("momentum = 0.5", "nadam", "momentum"),
        ("weight_decay = 0.1", "lion", "adamw"),
        ("initial_accumulator_value = 0.0", "adamax", "adagrad"),
    ],
)
def test_a_key_that_no_optimizer_of_the_recipe_uses_is_told(load, problems, key, optimizer, user):
    text = f"{TENS}[training]\n{key}\noptimizer = '{{}}'\n"
    (problem,) = problems(text.format(optimizer))
    name = key.split()[0]
    assert problem == (
        f'study.toml:4: training.{name}: has no effect on optimizer = "{optimizer}": leave it out, '
        f'or choose optimizer = "{user}"'
    )
    load(text.format(user))


def test_a_key_of_the_command_line_is_told_beside_a_choice_that_it_makes(load, problems):
    chosen, key = "training.optimizer=sgd", "training.nesterov=true"
    load(TENS, "training.optimizer=momentum", key)
    (problem,) = problems(TENS, chosen, key)
    assert problem.startswith("--set training.nesterov=true: training.nesterov: has no effect on")
    load(f"{TENS}[training]\noptimizer = 'momentum'\nnesterov = true\n", chosen)


def test_a_key_that_some_variant_uses_may_be_inherited_by_others(load, problems):
    text = TENS + (
        "[network]\nfilters = [16]\n[[variant]]\nname = 'convnet'\n"
        "[[variant]]\nname = 'dense'\nnetwork.architecture = 'dense'\n"
    )
    load(text)
    (problem,) = problems(text + "network.kernel = 3\n")
    assert problem.startswith("study.toml:10: network.kernel: variant 'dense': has no effect on")


def test_a_key_of_a_parent_may_stay_unused(load, write):
    write(f"{TENS}[network]\nfilters = [16]\n", "parent.toml")
    load("extends = 'parent.toml'\n[network]\narchitecture = 'dense'\n")
    load(f"{TENS}[network]\nfilters = [16]\n", "network.architecture=dense")


def test_an_override_that_leaves_too_small_maps_is_blamed(problems):
    (problem,) = problems(TENS + "[network]\nkernel = 3\n", "network.stride=2")
    assert problem.startswith("--set network.stride=2: network.stride: ")


def test_an_impossible_network_of_a_variant_names_it_and_its_line(problems):
    text = TENS + '[[variant]]\nname = "a"\n[[variant]]\nname = "b"\nnetwork.kernel = 9\n'
    (problem,) = problems(text)
    assert problem.startswith("study.toml:7: network.kernel: variant 'b': conv_3 has a kernel of")


def test_where_the_key_to_blame_is_inherited_the_variant_that_breaks_it_is_named(problems):
    text = (
        TENS + "[network]\nkernel = 3\n"
        '[[variant]]\nname = "a"\n[[variant]]\nname = "deep"\nnetwork.filters = [4, 4, 4, 4]\n'
    )
    (problem,) = problems(text)
    assert problem.startswith(
        "study.toml:9: network.kernel: variant 'deep': conv_4 has a kernel of"
    )


def test_an_impossible_value_of_a_matrix_is_told_once_with_a_variant_it_breaks(problems):
    text = TENS + "[matrix]\nnetwork.kernel = [\n  3,\n  9,\n]\nnetwork.dropout = [0.1, 0.2]\n"
    (problem,) = problems(text)
    assert problem.startswith(
        "study.toml:6: network.kernel: variant 'kernel=9-dropout=0.1' (and 1 more): conv_3 has"
    )


def test_limits_that_do_not_fit_other_data_say_how_to_change_them(problems):
    (problem,) = problems(TENS + "train = 300\n", data="photos:pets")
    assert problem.startswith("study.toml:3: data.train: train asks for 300 images, but ")
    assert problem.endswith(
        "the recipe was written for other images: give --set data.train=NUMBER, or a "
        "fraction below 1"
    )


def test_classes_that_other_data_lack_say_which_there_are(problems):
    (problem,) = problems(TENS + 'classes = ["1", "2"]\n', data="photos:pets")
    assert problem.startswith("study.toml:3: data.classes: the source has no class '1'")
    assert problem.endswith("""give --set 'data.classes=["cat", "dog"]'""")


def test_a_network_that_is_too_deep_for_other_data_says_how_to_read_them_larger(problems):
    text = TENS + "[network]\nfilters = [4, 4, 4, 4, 4]\n"
    (problem,) = problems(text, data="photos:pets")
    assert problem.startswith("study.toml:4: network.kernel: conv_4 has a kernel of 3x3, but")
    assert problem.endswith("to read these larger give --set 'data.image_size=[HEIGHT, WIDTH]'")


def test_a_limit_of_the_command_line_needs_no_such_hint(problems):
    (problem,) = problems(TENS, "data.train=300", data="photos:pets")
    assert problem.startswith("--set data.train=300: data.train: train asks for 300 images, but ")
    assert "other images" not in problem


def test_an_unknown_source_of_the_command_line_is_named_as_it_was_typed(problems):
    said = "data.source: no folder or file is called 'photo', and there is no source 'photo'"
    (problem,) = problems(TENS, data="photo")
    assert problem.startswith(f"--data photo: {said}")
    (problem,) = problems(TENS, "data.source=photo")
    assert problem.startswith(f"--set data.source=photo: {said}")


def test_a_folder_or_archive_without_its_source_is_answered_with_it(problems, tmp_path):
    (tmp_path / "pets").mkdir()
    (tmp_path / "pets.npz").write_bytes(b"")
    (problem,) = problems('[data]\nsource = "pets"\n')
    assert problem.startswith("study.toml:2: data.source: there is no source 'pets'")
    assert problem.endswith("; did you mean 'folder:pets'?")
    (problem,) = problems('[data]\nsource = "pets.npz"\n')
    assert problem.endswith("; did you mean 'npz:pets.npz'?")


def test_the_path_of_a_folder_or_archive_is_a_source_on_the_command_line(load, tmp_path):
    (tmp_path / "pets").mkdir()
    (tmp_path / "pets.npz").write_bytes(b"")
    for data in ("pets", Path("pets"), "./pets", tmp_path / "pets"):
        assert source_of(load(PHOTOS, data=data)) == f"folder:{tmp_path}/pets"
    assert source_of(load(PHOTOS, data="pets.npz")) == f"npz:{tmp_path}/pets.npz"
    (tmp_path / "pets.csv").write_text("")
    assert source_of(load(PHOTOS, data="pets.csv")) == f"csv:{tmp_path}/pets.csv"
    pattern = "pets/{class}.{number}.jpg"
    assert source_of(load(PHOTOS, data=pattern)) == f"files:{tmp_path}/{pattern}"
    (tmp_path / "tens").mkdir()
    assert source_of(load(PHOTOS, data="tens")) == "tens"


def source_of(recipe):
    return recipe.variants[0].configuration.data.source


@pytest.mark.parametrize("data", ["x" * 5000, "~nobody_of_that_name/x", "a\0b", ""])
def test_a_path_that_can_not_be_is_no_source(problems, data):
    (problem,) = problems(PHOTOS, data=data)
    assert "data.source: " in problem


WAVES = '[data]\nsource = "waves"\n'


def test_networks_of_signals_take_a_number_for_windows_along_them(load, problems):
    load(WAVES + '[network]\nkernel = 9\npool = 3\npadding = "same"\n')
    (problem,) = problems(WAVES + "[network]\nkernel = 70\n")
    assert "a kernel of 70x1, but its input is only 64x1x2" in problem
    assert problem.endswith("or larger signals")


def test_signals_that_are_too_short_are_not_to_be_read_in_another_size(problems):
    """They have no image_size, and are no images."""
    (problem,) = problems(TENS + "[network]\nkernel = 70\n", data="waves")
    assert problem.endswith("fewer layers before it or larger signals")


def test_what_only_images_have_is_refused_of_signals(problems):
    (problem,) = problems(WAVES + "[augmentation]\nrotation = 0.1\n")
    assert problem.startswith("study.toml:4: augmentation")
    assert problem.endswith("has no meaning for them; leave [augmentation] out")
    (problem,) = problems(WAVES + '[transfer]\nbase = "vgg16"\n')
    assert problem.endswith("bases take images, not signals; leave [transfer] out")
