"""`cnnbench explain` as a user gives it, and the picture that comes of it."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PIL import Image

import cnnbench
from cnnbench.errors import DataError, OptionsError, PluginError
from cnnbench.installed import installed_plugins
from cnnbench.winner.explanation.explanation import ExplainRequest, explain_images
from cnnbench.winner.explanation.finding import SubjectAsked, find_subject
from cnnbench.winner.explanation.picture import explanation_picture

pytestmark = pytest.mark.usefixtures("scripted_path")


@pytest.fixture
def digits(pixels, tmp_path):
    """A zero and a seven, and a file beside them that is no image."""
    for row in (0, 7):
        Image.fromarray(pixels[row, ..., 0]).save(tmp_path / f"{row}.png")
    (tmp_path / "broken.png").write_text("no image")
    return tmp_path


@pytest.fixture
def explain(command, digits):
    return partial(command, "explain")


@pytest.mark.slow
def test_it_says_the_classes_and_writes_one_picture(explain, taken, digits):
    done = explain(taken.folder, "--image", "0.png", "--image", "7.png")
    # for a 0 all maps of this network have gradients below zero, in the mean over all places
    assert (done.returncode, done.stderr) == (
        0,
        "note: nothing in 0.png speaks for 0 at conv_1\n",
    )
    head, zero, seven, wrote = done.stdout.splitlines()
    assert head.split() == ["image", "class", "probability"]
    assert [zero.split()[:2], seven.split()[:2]] == [["0.png", "0"], ["7.png", "7"]]
    assert wrote == "wrote explain.png"
    with Image.open(digits / "explain.png") as picture:
        assert (picture.format, picture.width) == ("PNG", 2100)
    again = explain(taken.folder, "--image", "0.png")
    assert again.returncode == 2
    assert "there is a file explain.png already" in again.stderr
    assert explain(taken.folder, "--image", "0.png", "--force").returncode == 0


@pytest.mark.slow
def test_records_and_their_files_are_explained_too(explain, study, digits):
    folder = study / "tiny" / "scripted"
    done = explain(
        folder, "--image", "7.png", "--variant", "slow", "--class", "7", "-o", "slow.svg"
    )
    assert done.returncode == 0, done.stderr
    assert "for 7" in (digits / "slow.svg").read_text()
    [file, *_] = (folder / "weights").iterdir()
    assert explain(file, "--image", "7.png").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--image", "broken.png"), "broken.png can't be read: not an image"),
        (("--image", "absent.png"), "absent.png can't be read: No such file"),
        (("--image", "0.png", "--class", "8"), "knows no class '8'"),
        (("--image", "0.png", "--layer", "conv_2"), "did you mean 'conv_1'"),
        (("--image", "0.png", "--backend", "scriptd"), "did you mean 'scripted'"),
        (("--image", "0.png", "-o", "explain.jpg"), "explain.jpg names no format of pictures"),
        (("--image", "0.png", "--replicate", "1"), "--replicate belongs to the results"),
        ((), "--image"),
    ],
)
def test_a_wrong_request_is_one_sentence(explain, taken, digits, arguments, reason):
    done = explain(taken.folder, *arguments, columns=300)
    assert done.returncode == 2, done.stdout
    assert reason in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (digits / "explain.png").exists()


@pytest.fixture
def explained(taken, digits):
    plugins = installed_plugins()
    subject = find_subject(SubjectAsked(str(taken.folder)), plugins)
    paths = (digits / "0.png", digits / "7.png")
    return explain_images(subject, ExplainRequest(paths, backend="scripted"), plugins)


@pytest.mark.slow
def test_the_picture_has_the_same_bytes_each_time_and_says_what_it_shows(explained, taken):
    picture = explanation_picture(explained)
    assert picture.content("png") == picture.content("png")
    assert picture.content("png", "single").startswith(b"\x89PNG")
    assert picture.alt.startswith(f"the network in {taken.folder}, heat of conv_1. 0.png: 0 ")
    texts = [text.get_text() for text in picture.figure().texts]
    assert "conv_1: all 3 maps, 6x6 pixels" in texts
    assert "conv_1: all 3 filters, 3x3 pixels; blue is below zero, red above" in texts


def test_the_heat_lies_over_the_pixels_it_was_found_in(explained):
    _, heat = [
        image
        for axes in explanation_picture(explained).figure().axes
        for image in axes.images
        if image.get_alpha()
    ]
    # a map of 6x6 over an image of 8x8, from edge to edge
    assert heat.get_array().shape == (6, 6)
    assert heat.get_extent() == [-0.5, 7.5, 7.5, -0.5]
    assert heat.get_array().max() == pytest.approx(1)


def test_a_picture_holds_no_more_than_a_dozen(taken, pixels, tmp_path):
    for number in range(13):
        Image.fromarray(pixels[number, ..., 0]).save(tmp_path / f"{number}.png")
    plugins = installed_plugins()
    subject = find_subject(SubjectAsked(str(taken.folder)), plugins)
    with pytest.raises(OptionsError, match="holds up to 12 images, and --image names 13"):
        explain_images(subject, ExplainRequest((tmp_path,), backend="scripted"), plugins)


def test_a_predictor_gives_the_arrays(taken, explained, digits, pixels):
    predictor = cnnbench.Predictor(taken.folder)
    paths = [digits / "0.png", digits / "7.png"]
    found = predictor.explain(paths)
    np.testing.assert_array_equal(found.values, explained.heat.values)
    np.testing.assert_allclose(found.probabilities, predictor.predict_proba(paths), rtol=1e-5)
    assert predictor.classes_[found.classes].tolist() == ["0", "7"]
    sevens = predictor.explain(pixels[[0, 7]], of="7", layer="conv_1")
    assert predictor.classes_[sevens.classes].tolist() == ["7", "7"]
    assert sevens.values.shape == (2, 6, 6)


def test_a_backend_without_gradients_is_refused_and_passed_over(taken, digits, pixels, monkeypatch):
    plugins = installed_plugins()
    scripted = plugins.backend("scripted")
    plain = replace(scripted.capabilities, gradients=False, outputs=frozenset({"softmax"}))
    monkeypatch.setattr(type(scripted), "capabilities", plain)
    subject = find_subject(SubjectAsked(str(taken.folder)), plugins)
    request = ExplainRequest((digits / "0.png",), backend="scripted")
    with pytest.raises(PluginError, match=r"scripted lacks output features, gradients: choose"):
        explain_images(subject, request, plugins)
    predictor = cnnbench.Predictor(taken.folder)
    with pytest.raises(PluginError, match=r"scripted lacks output features, gradients: choose"):
        predictor.explain(pixels[:1])


def test_no_image_is_nothing_to_explain(taken, pixels):
    with pytest.raises(DataError, match="there is no image to explain"):
        cnnbench.Predictor(taken.folder).explain(pixels[:0])
