import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from cnnbench.data.sources.cache import open_images
from cnnbench.loading.manager import load_plugins
from cnnbench.planning.study import read_images
from cnnbench.recipe.load import load_recipe
from cnnbench.training.images import prepare_images
from cnnbench.trials.expand import expand

PLUGINS = load_plugins()
RECIPE = """
title = "Uneven classes"
replicates = 1
[data]
source = "npz:uneven.npz"
validation = 0.2
test = 0.2
[training]
batch_size = 7
[network]
filters = [2]
[[variant]]
name = "plain"
[[variant]]
name = "balanced"
training.class_weights = "balanced"
[[variant]]
name = "even"
training.batches = "balanced"
[[variant]]
name = "smoothed"
training.label_smoothing = 0.3
[[variant]]
name = "blended"
training.class_weights = "balanced"
augmentation.mixup = 0.4
[[variant]]
name = "cut"
training.label_smoothing = 0.3
augmentation.cutmix = 1.0
"""


@pytest.fixture
def images_of(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (70, 8, 8, 1)).astype(np.uint8)
    np.savez("uneven.npz", images=pixels, labels=np.repeat([0, 1, 2], [40, 20, 10]))
    (tmp_path / "study.toml").write_text(RECIPE)
    recipe = load_recipe("study.toml", find_source=PLUGINS.source)
    known, _ = read_images(recipe, PLUGINS)
    trials = {trial.variant: trial for trial in expand(recipe, "any", "cpu", known).trials}

    def images_of(variant):
        trial = trials[variant]
        return prepare_images(trial, open_images(PLUGINS.source(trial.source), trial.request))

    return images_of


def joined(batches):
    parts = list(batches)
    return tuple(np.concatenate([getattr(x, key) for x in parts]) for key in ("labels", "weights"))


def test_balanced_classes_weigh_the_training_images_by_their_own_counts(images_of):
    images = images_of("balanced")
    for epoch in (0, 1):
        labels, weights = joined(images.training().epoch(epoch))
        assert len(set(weights.tolist())) == 3
        np.testing.assert_allclose(weights, compute_sample_weight("balanced", labels), rtol=1e-6)


def test_balanced_batches_hold_every_class_alike_in_as_many_steps(images_of):
    passes, plain = images_of("even").training(), images_of("plain").training()
    for epoch in (0, 1):
        batches = list(passes.epoch(epoch))
        assert [len(x.labels) for x in batches] == [len(x.labels) for x in plain.epoch(epoch)]
        counts = [np.bincount(batch.labels, minlength=3) for batch in batches]
        assert all(np.ptp(each) <= 1 for each in counts)
        assert np.ptp(np.sum(counts, axis=0)) <= 1
        assert all((batch.weights == 1).all() for batch in batches)


@pytest.mark.parametrize("variant", ["plain", "balanced", "even"])
def test_images_that_judge_a_network_count_alike(images_of, variant):
    images = images_of(variant)
    for rows in (images.split.train, images.split.validation, images.split.test):
        _, weights = joined(images.evaluation(rows))
        assert (weights == 1).all()


def test_training_images_count_alike_by_default(images_of):
    _, weights = joined(images_of("plain").training().epoch(0))
    assert (weights == 1).all()


def test_smoothed_labels_are_those_of_training_alone(images_of):
    hard, _ = joined(images_of("plain").training().epoch(0))
    smoothed = images_of("smoothed")
    soft, weights = joined(smoothed.training().epoch(0))
    np.testing.assert_allclose(soft, 0.7 * np.eye(3)[hard] + 0.1, atol=1e-6)
    assert (weights == 1).all()
    judging, _ = joined(smoothed.evaluation(smoothed.split.train))
    assert judging.dtype == np.int32


def test_mixtures_weigh_as_their_classes_do(images_of):
    images = images_of("blended")
    labels, weights = joined(images.training().epoch(0))
    own = images.chosen.labels[images.split.train]
    each = dict(zip(own.tolist(), compute_sample_weight("balanced", own), strict=True))
    # weight * label is the sum of both images' shares, each times the weight of its class.
    shares = weights[:, None] * labels / [each[label] for label in range(3)]
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    assert ((labels > 0.05).sum(axis=1) == 2).sum() > 5


def test_cut_and_smoothed_labels_keep_a_part_for_every_class(images_of):
    labels, _ = joined(images_of("cut").training().epoch(0))
    np.testing.assert_allclose(labels.sum(axis=1), 1, rtol=1e-6)
    assert labels.min() > 0.0999
    assert labels.max() < 0.8001
