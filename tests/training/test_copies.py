"""Augmented copies of the training images pass the part of a base that is at rest once each."""

import numpy as np
import pytest
from transfer_studies import RECIPE, Place

from cnnbench.data.sources.cache import cache_folder
from cnnbench.results.record import Status
from cnnbench.training import feature_store
from cnnbench.training import features as features_module

pytestmark = pytest.mark.slow
EPOCHS, TRAIN, JUDGED = 2, 12, 6 + 8
AUGMENTED = """
[augmentation]
rotation = 0.2
flip = "horizontal"
"""


@pytest.fixture
def study(tmp_path, monkeypatch, pretrained):
    """The same variants, augmented, with so many copies; features of all in one cache."""
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))

    def made(copies, *, leave_out=(), epochs=EPOCHS, more=""):
        folder = tmp_path / f"{copies} {epochs}"
        folder.mkdir()
        head, *variants = RECIPE.split("[[variant]]")
        kept = [x for x in variants if not any(f'"{name}"' in x for name in leave_out)]
        sections = AUGMENTED + more + (f"copies = {copies}\n" if copies else "")
        recipe = "[[variant]]".join([head + sections, *kept])
        return Place(folder, pretrained, recipe=recipe.replace("epochs = 2", f"epochs = {epochs}"))

    return made


def losses(outcome):
    return [epoch.loss for epoch in outcome.history]


@pytest.mark.parametrize(
    ("variant", "more"),
    [
        ("frozen", ""),
        ("partial", ""),
        ("full", ""),
        ("frozen", "mixup = 0.4\ncutmix = 1.0\nrandom_erasing = 0.5\n"),
    ],
)
def test_as_many_copies_as_epochs_give_what_new_ones_in_every_epoch_give(study, variant, more):
    copies, _ = study(4, more=more).run(variant)
    free, _ = study(None, leave_out=["features"], more=more).run(variant)
    assert losses(copies) == pytest.approx(losses(free), rel=1e-5)
    np.testing.assert_allclose(copies.predictions, free.predictions, atol=1e-5)
    assert copies.record.shared
    assert free.record.shared == ()


def test_each_copy_passes_the_part_at_rest_once_whatever_the_epochs(study):
    outcome, (front, tail) = study(2, epochs=5).run("frozen")
    assert front.network.output == "features"
    assert front.seen == 2 * TRAIN + JUDGED
    assert len(tail.rates) == 5
    (shared,) = outcome.record.shared
    assert (shared.layer, shared.images, shared.copies) == ("conv_pw_13_relu", front.seen, 2)
    assert shared.seconds == outcome.record.costs.features > 0
    _, models = study(3, epochs=1).run("frozen")
    assert len(models) == 1, "the first of three copies is the first of two"


def test_copies_are_computed_that_epochs_come_to_and_no_others(study):
    _, (front, _) = study(7).run("frozen")
    assert front.seen == EPOCHS * TRAIN + JUDGED


def test_features_of_copies_are_those_of_a_frozen_base_with_copies(study):
    place = study(2)
    features, _ = place.run("features")
    frozen, models = place.run("frozen")
    assert len(models) == 1, "they share what is computed"
    np.testing.assert_array_equal(features.predictions, frozen.predictions)
    assert features.record.trial != frozen.record.trial


def test_the_epochs_of_a_second_stage_go_on_with_the_copies_of_the_first(study):
    """One epoch of the head, which sees copy 0, then two with copies 1 and 0."""
    outcome, (front, _, lower, _) = study(2).run("partial")
    assert front.seen == TRAIN + JUDGED, "one epoch sees one copy"
    assert lower.seen == 2 * TRAIN + JUDGED
    assert [x.copies for x in outcome.record.shared] == [1, 2]
    first, second = outcome.record.shared
    assert outcome.record.costs.features == pytest.approx(first.seconds + second.seconds)


def test_validation_and_test_images_are_shared_with_studies_without_augmentation(
    study, tmp_path, pretrained
):
    (tmp_path / "plain").mkdir()
    Place(tmp_path / "plain", pretrained).run("features")
    _, (front, _) = study(2).run("frozen")
    assert front.seen == 2 * TRAIN


def test_interrupted_copies_go_on_where_they_were(study, monkeypatch):
    monkeypatch.setattr(features_module, "CHUNK", 8)
    place = study(2)
    written, chunks = feature_store.FeatureEntry.write, []

    def dies(entry, rows, made, seconds):
        if len(chunks) == 4:
            raise KeyboardInterrupt
        chunks.append(rows)
        written(entry, rows, made, seconds)

    with monkeypatch.context() as patch:
        patch.setattr(feature_store.FeatureEntry, "write", dies)
        with pytest.raises(KeyboardInterrupt):
            place.run("frozen")
    done = sum(map(len, chunks))
    assert done + 4 >= JUDGED + TRAIN
    _, (front, _) = place.run("frozen")
    assert front.seen == 2 * TRAIN + JUDGED - done


def test_more_copies_than_are_kept_are_refused_with_how_many_fit(study, monkeypatch):
    place = study(2)
    row = 4 * 1024  # a map of 1x1 with 1,024 channels, float32
    images = len(place.bench.images(place.trials["frozen"]).images)
    monkeypatch.setattr(features_module, "LARGEST", row * (images + TRAIN) + 1)
    outcome = place.bench.run(place.trials["frozen"], lambda _: None)
    assert outcome.record.status is Status.FAILED
    assert "augmentation.copies is too high: features of 2 copies" in outcome.record.reason
    assert outcome.record.reason.endswith("set it to 1 or less")
    assert not list(cache_folder().glob("features-*"))


def test_an_entry_that_is_written_into_makes_no_room(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path))
    entry = feature_store.FeatureEntry("busy", 2, (1, 1, 1))
    with entry.writing():
        feature_store._make_room(tmp_path, feature_store.LARGEST)
        assert len(entry.missing(np.arange(2))) == 2
    feature_store._make_room(tmp_path, feature_store.LARGEST)
    with pytest.raises(FileNotFoundError):
        entry.read()


def test_boosting_finds_its_emphasis_on_images_as_they_are(study, tmp_path, pretrained):
    place = study(2, epochs=1)
    trial = place.trials["frozen"]
    ensemble = trial.configuration.ensemble.model_copy(update={"method": "boosting", "members": 2})
    configuration = trial.configuration.model_copy(update={"ensemble": ensemble})
    place.trials["frozen"] = trial.model_copy(update={"configuration": configuration})
    _, (front, *_) = place.run("frozen")
    assert front.seen == 2 * TRAIN + JUDGED, "one copy, and the images as they are"


def test_an_entry_that_is_made_anew_takes_room_from_no_other(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path))
    damaged, other = (feature_store.FeatureEntry(x, 2, (1, 1, 1)) for x in ("damaged", "other"))
    for entry in (other, damaged):
        with entry.writing():
            pass
    taken = sum(x.stat().st_size for x in tmp_path.glob("features-*/*"))
    (tmp_path / "features-damaged" / "marks").write_bytes(b"")
    monkeypatch.setattr(feature_store, "LARGEST", taken * 3 // 4)
    with damaged.writing():
        pass
    assert len(other.missing(np.arange(2))) == 2, "it is there still"
