"""From what is typed to a network: winners, records, published bases, and what is refused."""

import shutil

import numpy as np
import pytest
from sklearn.datasets import load_digits

from cnnbench.errors import DataError, OptionsError, ResultsError
from cnnbench.installed import installed_plugins
from cnnbench.network.bases import BASES
from cnnbench.network.bases.builder import Builder
from cnnbench.network.layers import INPUT
from cnnbench.network.weights import initial_weights
from cnnbench.results.details import read_predictions
from cnnbench.results.read import read_results
from cnnbench.results.weights import weights_bytes
from cnnbench.winner.explanation.explanation import ExplainRequest, explain_images
from cnnbench.winner.explanation.finding import SubjectAsked, find_subject
from cnnbench.winner.explanation.grad_cam import Explainer

pytestmark = pytest.mark.usefixtures("scripted_path")


def probabilities(subject, images):
    backend = installed_plugins().backend("scripted")
    explainer = Explainer(subject, backend, backend.open("cpu", 1))
    return explainer.heat_maps(images, "conv_1").probabilities


def find(trained, **options):
    return find_subject(SubjectAsked(str(trained), **options), installed_plugins())


def test_a_winner_explains_what_it_predicts(taken, pixels):
    subject = find(taken.folder)
    assert (subject.classes, subject.trained_by) == (("1", "0", "7"), "scripted")
    found = probabilities(subject, pixels[taken.outcome.rows])
    np.testing.assert_allclose(found, taken.outcome.predictions, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "variant", "replicate"),
    [
        ({}, "quick", 0),
        ({"replicate": 3}, "quick", 2),
        ({"variant": "slow", "replicate": 2}, "slow", 1),
    ],
)
def test_a_record_explains_what_it_predicted(study, pixels, options, variant, replicate):
    folder = study / "tiny" / "scripted"
    [record] = [
        x
        for x in read_results([folder]).records
        if (x.variant, x.replicate) == (variant, replicate)
    ]
    recorded = read_predictions(folder, record.trial)
    by_file = folder / "weights" / f"{record.trial}.safetensors"
    for subject in (find(folder, **options), find(by_file)):
        assert subject.title == f"{variant}, replicate {replicate + 1} of tiny"
        found = probabilities(subject, pixels[recorded.rows])
        np.testing.assert_allclose(found, recorded.probabilities, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"variant": "slwo"}, r"there is no variant 'slwo' in .*did you mean 'slow'"),
        ({"replicate": 4}, "has no record that ended well of what is asked for"),
        ({"weights": "imagenet"}, "--weights belongs to a published network, as base:vgg16"),
    ],
)
def test_what_no_record_has_is_refused(study, options, reason):
    with pytest.raises((OptionsError, ResultsError), match=reason):
        find(study / "tiny" / "scripted", **options)


def test_a_record_without_arrays_says_how_to_keep_them(study, tmp_path):
    shutil.copytree(study, tmp_path / "results")
    shutil.rmtree(tmp_path / "results" / "tiny" / "scripted" / "weights")
    with pytest.raises(ResultsError, match=r"no arrays are kept .*cnnbench run RECIPE --save-wei"):
        find(tmp_path / "results")


def test_a_file_of_arrays_elsewhere_lacks_its_record(study, tmp_path):
    [file, *_] = (study / "tiny" / "scripted" / "weights").iterdir()
    shutil.copy(file, tmp_path / "mine.safetensors")
    with pytest.raises(ResultsError, match="does not stand beside its record"):
        find(tmp_path / "mine.safetensors")
    with pytest.raises(ResultsError, match="there is no file or folder"):
        find(tmp_path / "nothing")


def test_other_images_than_the_records_are_refused(study, pixels, tmp_path):
    np.savez(tmp_path / "other.npz", images=255 - pixels, labels=load_digits().target)
    with pytest.raises(DataError, match="are not those of the records"):
        find(study / "tiny" / "scripted", data=f"npz:{tmp_path / 'other.npz'}")


def small(input_shape, *, top=False, classes=1000):
    b = Builder(input_shape)
    x = b.norm(b.conv(INPUT, 4, 3, "stem", stride=2, padding="same", bias=True), "stem_bn")
    x = b.norm(b.conv(x, 6, 3, "wide", padding="same"), "wide_bn")
    return b.network(x, top=top, classes=classes)


@pytest.fixture
def base(monkeypatch):
    monkeypatch.setitem(BASES, "small", small)


@pytest.fixture
def of_base(base, tmp_path):
    """A file of arrays with or without the classifier."""

    def write(*, top):
        path = tmp_path / f"{top}.safetensors"
        path.write_bytes(weights_bytes(initial_weights(small((32, 32, 3), top=top), 1)))
        return str(path)

    return write


def test_a_published_network_with_its_classifier_tells_classes_by_number(of_base, photos):
    subject = find("base:small", weights=of_base(top=True), scaling="keras", image_size="32")
    assert (len(subject.classes), subject.classes[7]) == (1000, "class 7")
    request = ExplainRequest((photos / "0.png",), of="class 7", backend="scripted")
    explained = explain_images(subject, request, installed_plugins())
    assert explained.heat.layer == "wide_bn"
    assert explained.heat.values.shape == (1, 16, 16)
    assert explained.class_of(0) == "class 7"
    assert explained.images.shape == (1, 32, 32, 3)
    assert explained.filters.kernels.shape == (4, 3, 3, 3)


def test_a_published_network_without_classifier_shows_its_maps(of_base, photos):
    subject = find("base:small", weights=of_base(top=False), scaling="keras", image_size="32")
    request = ExplainRequest((photos,), backend="scripted")
    explained = explain_images(subject, request, installed_plugins())
    assert (subject.classes, explained.heat) == ((), None)
    assert list(explained.maps) == ["stem", "wide", "wide_bn"]
    with pytest.raises(OptionsError, match="has no classifier, and so no class 'cat'"):
        explain_images(subject, ExplainRequest((photos,), of="cat"), installed_plugins())
    with pytest.raises(OptionsError, match="--layer belongs to networks with a classifier"):
        explain_images(subject, ExplainRequest((photos,), layer="stem"), installed_plugins())


def test_random_arrays_have_no_file_and_a_classifier(base):
    subject = find("base:small", weights="random", image_size="40x32")
    assert subject.network.input_shape == (40, 32, 3)
    assert len(subject.classes) == 1000


@pytest.mark.parametrize(
    ("trained", "options", "reason"),
    [
        ("base:smal", {}, "there is no 'base:smal'; did you mean 'base:small'"),
        ("base:small", {"weights": "random", "image_size": "0"}, "'0' is no size"),
        ("base:small", {"variant": "quick"}, "--variant belongs to the results of a recipe"),
    ],
)
def test_a_wrong_base_is_one_sentence(base, trained, options, reason):
    with pytest.raises(OptionsError, match=reason):
        find(trained, **options)
