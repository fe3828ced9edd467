"""Advice leads somewhere: what an error advises works, or leads to the next true sentence.

Each case is a wrong recipe, part of what is said about it, what it was advised to be, and what is
said then, "" where nothing is. A recipe is a text, and what --set changes in it.
"""

from __future__ import annotations

import shlex
import shutil

import numpy as np
import pytest
from PIL import Image

from cnnbench.errors import CnnbenchError
from cnnbench.loading.manager import load_plugins
from cnnbench.planning.study import read_images
from cnnbench.recipe.load import load_recipe
from cnnbench.trials.expand import expand

PLUGINS = load_plugins()
DIGITS = '[data]\nsource = "digits"\nimage_size = [32, 32]\n'
PETS = '[data]\nsource = "folder:pets"\nimage_size = [32, 32]\ncolor = "grey"\n'
LAYERS = '[network]\narchitecture = "layers"\nlayers = [{}]\n'
CONV = '{ type = "conv", filters = 2, kernel = [3, 3], padding = "same" }'
MATRIX = DIGITS + "[matrix]\n"
TWO = 'inputs = ["conv_1", "input"]'


def layers(*texts):
    return DIGITS + LAYERS.format(", ".join((*texts, '{ type = "flatten" }')))


def variants(*texts):
    return DIGITS + "".join(f"[[variant]]\n{text}\n" for text in texts)


CASES = [
    # keys
    ((DIGITS + "epochs = 2\n",), "did you mean 'training.epochs'?", (DIGITS, "training.epochs=2")),
    (
        (DIGITS + "[training]\nminimum = 0.1\n",),
        "did you mean 'training.schedule.min_lr'?",
        (DIGITS + "[training]\nschedule.min_lr = 0.1\n",),
    ),
    (
        (DIGITS, "training.early_stopping.restore_best=false"),
        "restore_best is now restore_best_weights",
        (DIGITS, "training.early_stopping.restore_best_weights=false"),
    ),
    (
        (DIGITS + "replicates = 2\n",),
        "it stands at the top, above the first [section]",
        ("replicates = 2\n" + DIGITS,),
    ),
    (
        (DIGITS + '[training]\n"schedule.kind" = "cosine"\n',),
        "a dotted key is written without quotes",
        (DIGITS + '[training]\nschedule.kind = "cosine"\n',),
    ),
    (
        (DIGITS + "[network]\ntraining.epochs = 2\n",),
        "[training] is a section of its own",
        (DIGITS + "[training]\nepochs = 2\n",),
    ),
    (("extends = 3\n" + DIGITS,), 'e.g. extends = "mnist.toml"', ('extends = "a.toml"\n',),
     "there is no file a.toml; the path is relative to this recipe"),
    ((DIGITS, "training.epochs"), "expected KEY=VALUE, e.g. --set training.epochs=3",
     (DIGITS, "training.epochs=3")),
    # values
    ((DIGITS + "[network]\npadding = same\n",), "text goes in quotes",
     (DIGITS + '[network]\npadding = "same"\n',)),
    ((DIGITS, "network.padding=sam"), "did you mean 'same'?", (DIGITS, "network.padding=same")),
    ((DIGITS, "network.dense=12"), "write it in brackets: [12]", (DIGITS, "network.dense=[12]")),
    ((DIGITS, "network.filters=4,8"), "write it in brackets: [4, 8]",
     (DIGITS, "network.filters=[4, 8]")),
    ((DIGITS, "network.dropout=50%"), "write it as a fraction: 0.5",
     (DIGITS, "network.dropout=0.5")),
    ((DIGITS, "network.dropout=.5"), "write it as a number: 0.5", (DIGITS, "network.dropout=0.5")),
    ((DIGITS, "network.residual=True"), "in small letters and without quotes: true",
     (DIGITS, "network.residual=true"), 'set padding = "same"'),
    ((DIGITS, "network.residual=true"), 'set padding = "same"',
     (DIGITS, "network.residual=true", "network.padding=same")),
    ((DIGITS, 'network.filters=["4"]'), "write numbers without quotes: [4]",
     (DIGITS, "network.filters=[4]")),
    ((DIGITS, "data.classes=[0, 1]"), 'text goes in quotes: ["0", "1"]',
     (DIGITS, 'data.classes=["0", "1"]')),
    ((DIGITS, "training.learning_rate=inf"), "give a finite one",
     (DIGITS, "training.learning_rate=1.0")),
    # variants and matrix
    ((DIGITS + '[variant]\nname = "a"\n',), "a variant begins with [[variant]]",
     (DIGITS + '[[variant]]\nname = "a"\n',)),
    (('baseline = "aa"\n' + variants('name = "a"'),), "did you mean 'a'?",
     ('baseline = "a"\n' + variants('name = "a"'),)),
    ((variants('name = "a"', 'name = "b"'),), "change what one of them sets, or leave one out",
     (variants('name = "a"', 'name = "b"\nnetwork.dropout = 0.5'),)),
    ((variants('name = "a"', 'name = "b"'),), "leave one out", (variants('name = "a"'),)),
    ((MATRIX + "network.kernel = 2\n",), "e.g. kernel = [...]",
     (MATRIX + "network.kernel = [2]\n",)),
    ((MATRIX + "network.kernel = []\n",), "give at least one value",
     (MATRIX + "network.kernel = [2]\n",)),
    (
        (f"{MATRIX}network.filters = [{[4] * 100}]\n",),
        "in place of the matrix write [[variant]] entries with names",
        (variants(f'name = "long"\nnetwork = {{ filters = {[1] * 3}, padding = "same" }}'),),
    ),
    ((MATRIX + 'network.kernel = [2, 3]\n[[variant]]\nname = "a"\nnetwork.kernel = 2\n',),
     "set it in one of the two places",
     (MATRIX + 'network.kernel = [2, 3]\n[[variant]]\nname = "a"\n',)),
    (("replicates = 10000\n" + MATRIX + f"network.kernel = {[*range(1, 9)]}\n",
      "evaluation.folds=2"), "ask for fewer replicates, variants or folds",
     ("replicates = 2\n" + MATRIX + "network.kernel = [1, 2]\n", "evaluation.folds=2")),
    # networks
    ((DIGITS, "network.filters=[]"), 'list its `filters`, or use architecture = "dense"',
     (DIGITS, "network.architecture=dense")),
    ((DIGITS + '[network]\narchitecture = "dense"\nkernel = 2\n',), "leave it out, or choose",
     (DIGITS + '[network]\narchitecture = "convnet"\nkernel = 2\n',)),
    ((DIGITS, "network.output=sigmoid"), 'use output = "softmax", or choose two classes',
     (DIGITS, "network.output=sigmoid", 'data.classes=["3", "5"]')),
    ((DIGITS, "network.kernel=9"), "use a smaller kernel", (DIGITS, "network.kernel=2")),
    ((DIGITS, "network.kernel=9"), "or larger images",
     (DIGITS, "network.kernel=9", "data.image_size=[64, 64]")),
    ((layers('{ type = "flatten" }', CONV),), "move it before the flattening layer in `layers`",
     (layers(CONV),)),
    ((layers(CONV, '{ type = "add", inputs = ["conv_2", "input"] }'),), "did you mean 'conv_1'?",
     (layers(CONV, f'{{ type = "add", {TWO} }}'),), "differ"),
    ((layers(CONV, f'{{ type = "pool", {TWO} }}'),),
     "join them in a layer of type add, concatenate or multiply, and name that",
     (layers(CONV, f'{{ type = "concatenate", {TWO} }}', '{ type = "pool" }'),)),
    ((layers(CONV, '{ type = "concatenate" }'),), 'inputs = ["conv_1", "conv_2"]',
     (layers(CONV, CONV, '{ type = "concatenate", inputs = ["conv_1", "conv_2"] }'),)),
    ((layers(CONV.replace("conv", "con", 1)),), "did you mean 'conv'?", (layers(CONV),)),
    ((layers(CONV[:-1] + ", stride = [2, 2], dilation = [2, 2] }"),), "leave one of them at 1",
     (layers(CONV[:-1] + ", stride = [2, 2] }"),)),
    # images
    (('[data]\nsource = "digit"\n',), "did you mean 'digits'?", (DIGITS,)),
    (('[data]\nsource = ":pets"\n',), "for example mnist5k or folder:photos", (PETS,)),
    (('[data]\nsource = "folder:pets/cat"\n',), "expected is a folder for each class", (PETS,)),
    (('[data]\nsource = "npz:pets"\n',), "did you mean 'folder:", (PETS,)),
    ((PETS, 'data.classes=["Cat", "dog"]'), "did you mean 'cat'?",
     (PETS, 'data.classes=["cat", "dog"]')),
    ((PETS, "evaluation.folds=1"), "use 0 for a held-out test split or at least 2",
     (PETS, "evaluation.folds=2")),
    ((PETS, "evaluation.folds=2", "data.test=4"), "leave out one of the two",
     (PETS, "evaluation.folds=2")),
    # images in place of the recipe's
    ((DIGITS + 'classes = ["0", "1"]\n', "data.source=folder:pets"),
     """give --set 'data.classes=["cat", "dog"]'""",
     (DIGITS + 'classes = ["0", "1"]\n', "data.source=folder:pets",
      'data.classes=["cat", "dog"]')),
    ((DIGITS + "train = 500\n", "data.source=folder:pets"),
     "give --set data.train=NUMBER, or a fraction below 1",
     (DIGITS + "train = 500\n", "data.source=folder:pets", "data.train=0.5")),
    ((DIGITS + "train = 500\n", "data.source=folder:pets"), "give --set data.train=NUMBER",
     (DIGITS + "train = 500\n", "data.source=folder:pets", "data.train=8")),
    ((DIGITS + "[network]\nkernel = 9\n", "data.source=folder:pets"),
     "give --set 'data.image_size=[HEIGHT, WIDTH]'",
     (DIGITS + "[network]\nkernel = 9\n", "data.source=folder:pets", "data.image_size=[64, 64]")),
    ((DIGITS, "data.source=pets"), "did you mean 'folder:pets'?",
     (DIGITS, "data.source=folder:pets")),
    ((DIGITS, "data.source=npz:pets"), "did you mean 'folder:",
     (DIGITS, "data.source=folder:pets")),
]  # fmt: skip


@pytest.fixture
def said(tmp_path, monkeypatch):
    """What is said about a recipe up to its first trial; beside it lies the folder pets."""
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    for name in ("cat", "dog"):
        folder = tmp_path / "pets" / name
        folder.mkdir(parents=True)
        for index in range(10):
            pixels = generator.integers(0, 256, (8, 8), np.uint8)
            Image.fromarray(pixels).save(folder / f"{index}.png")

    def judge(text, *overrides):
        (tmp_path / "study.toml").write_text(text)
        try:
            recipe = load_recipe("study.toml", overrides=overrides, find_source=PLUGINS.source)
            known, _ = read_images(recipe, PLUGINS)
            expand(recipe, "torch-native", "cpu", known)
        except CnnbenchError as error:
            return str(error)
        return ""

    return judge


COMMANDS = [
    ("run RECIPE", "choose a backend: --backend", "run RECIPE --backend scripted --dry-run"),
    (
        "run RECIPE --backend scriptd",
        "did you mean 'scripted'?",
        "run RECIPE --backend scripted --dry-run",
    ),
    (
        "run RECIPE --backend scripted --executor lokal",
        "did you mean 'local'?",
        "run RECIPE --backend scripted --executor local --dry-run",
    ),
    (
        "run RECIPE --backend scripted --executor inline --timeout 9",
        "leave out --timeout, or use --executor local",
        "run RECIPE --backend scripted --executor inline --dry-run",
    ),
    (
        "run RECIPE --backend scripted --executor inline --timeout 9",
        "or use --executor local",
        "run RECIPE --backend scripted --executor local --timeout 9 --dry-run",
    ),
    (
        "run RECIPE --backend scripted --executor inline --jobs 2",
        "leave out --jobs, or use --executor local",
        "run RECIPE --backend scripted --executor inline --dry-run",
    ),
    (
        "run RECIPE --backend scripted,rounded --executor inline",
        "give the command once for each, or use --executor local",
        "run RECIPE --backend rounded --executor inline --dry-run",
    ),
    ("describe RECIPE --variant god", "did you mean 'good'?", "describe RECIPE --variant good"),
    ("describe RECIPE --top", "--top belongs to", "describe RECIPE"),
    ("describe base:resnet5", "did you mean 'base:resnet50'?", "describe base:resnet50"),
    ("describe RECIP", "did you mean", "describe RECIPE"),
    ("new plugin scripted", "already; choose another name", "new plugin another"),
]


@pytest.fixture
def give(command, recipe):
    """Give a command line in an empty folder that names the recipe so; return what comes of it."""
    path = str(recipe())

    def given(line):
        words = [path if word == "RECIPE" else word for word in line.split()]
        words = [path.removesuffix(".toml") if word == "RECIP" else word for word in words]
        return command(*words)

    return given


@pytest.mark.usefixtures("scripted_path")
@pytest.mark.parametrize(("wrong", "advice", "advised"), COMMANDS)
def test_what_a_command_is_advised_to_be_is_taken(give, wrong, advice, advised):
    refused = give(wrong)
    assert refused.returncode == 2
    assert advice in refused.stderr
    assert give(advised).returncode == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[1])
def test_advice_that_is_followed_works_or_leads_on(said, case):
    wrong, advice, advised, *then = case
    assert advice in said(*wrong)
    now = said(*advised)
    assert advice not in now
    assert (then[0] in now) if then else not now


PHOTOS = PETS.replace("pets", "photos")


def test_the_source_that_reads_an_archive_in_place_reads_it(said, tmp_path):
    (tmp_path / "photos").mkdir()
    shutil.make_archive(str(tmp_path / "photos" / "all"), "tar", tmp_path / "pets")
    advice = said(PHOTOS)
    (source,) = shlex.split(advice.rpartition("by the source ")[2])
    assert not said(PHOTOS, f"data.source={source}")


def test_the_source_that_reads_images_named_after_their_class_reads_them(said, tmp_path):
    loose = tmp_path / "photos"
    loose.mkdir()
    for file in (tmp_path / "pets").glob("*/*.png"):
        file.rename(loose / f"{file.parent.name}.{file.name}")
    advice = said(PHOTOS)
    assert f"by the source 'files:{loose}/{{class}}.{{number}}*'" in advice
    (source,) = shlex.split(advice.rpartition("by the source ")[2])
    assert not said(PHOTOS, f"data.source={source}")


def test_where_class_folders_lie_one_folder_too_deep_the_folder_that_is_meant_is_right(
    said, tmp_path
):
    (tmp_path / "photos").mkdir()
    (tmp_path / "pets").rename(tmp_path / "photos" / "pets")
    inner = said(PHOTOS).partition("did you mean '")[2].partition("'")[0]
    assert not said(PHOTOS.replace("photos", inner))


def test_images_that_can_not_be_read_are_named_and_may_be_skipped_as_advised(said, tmp_path):
    for index in range(5):
        (tmp_path / "pets" / "cat" / f"{index}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    many = said(PETS, "data.train=12")
    assert '--set data.unreadable="error" names them' in many
    named = said(PETS, "data.train=12", "data.unreadable=error")
    assert "0.png" in named
    assert 'give --set data.unreadable="skip"' in named
    assert not said(PETS, "data.unreadable=skip")
