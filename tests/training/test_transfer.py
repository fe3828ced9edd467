"""Trials that start from a base: what moves, what is computed once, what is recorded of it."""

import numpy as np
import pytest
from transfer_studies import RECIPE, Place, RecordingModel

from cnnbench.data.sources.cache import cache_folder
from cnnbench.errors import DataError
from cnnbench.results.record import Status
from cnnbench.testing.numpy_backend import NumpyModel
from cnnbench.training import feature_store
from cnnbench.training import features as features_module

pytestmark = pytest.mark.slow


def test_features_once_an_image_give_what_a_frozen_base_gives(place):
    shared, models = place.run("features")
    whole, _ = place.run("frozen")
    np.testing.assert_allclose(shared.predictions, whole.predictions, atol=1e-5)
    assert [x.loss for x in shared.history] == pytest.approx([x.loss for x in whole.history], 1e-5)
    front, tail = models
    assert front.network.output == "features"
    assert front.seen == 12 + 6 + 8
    assert [name.partition("/")[0] for name in tail.first] == ["head_output"] * 2


def test_a_backend_is_asked_for_the_recipes_optimiser_alone(place):
    """It may have no other, though nothing trains the part at rest."""
    _, models = place.run("features")
    assert [x.optimization.optimizer for x in models] == ["sgd", "sgd"]


def test_features_are_computed_once_for_all_trials_and_runs(place, tmp_path, pretrained):
    first, _ = place.run("features")
    again, models = place.run("features")
    assert len(models) == 1, "no front is built where all features are there"
    np.testing.assert_array_equal(first.predictions, again.predictions)
    _, models = place.run("partial")
    assert [x.network.output for x in models] == ["softmax", "features", "softmax"]
    (tmp_path / "other").mkdir()
    elsewhere, models = Place(tmp_path / "other", pretrained).run("features")
    assert len(models) == 1
    np.testing.assert_array_equal(first.predictions, elsewhere.predictions)


def test_what_features_took_is_told_to_every_trial_that_uses_them(place):
    first, again = place.run("features")[0].record, place.run("features")[0].record
    assert first.costs.features == pytest.approx(again.costs.features)
    assert first.costs.features > 0
    assert first.costs.latency_single is None, "it is no time of the whole network"
    frozen = place.run("frozen")[0].record
    assert frozen.costs.features is None
    assert frozen.costs.latency_single > 0
    assert frozen.costs.parameters == first.costs.parameters


def test_interrupted_features_go_on_and_damaged_ones_are_made_again(place, monkeypatch):
    monkeypatch.setattr(features_module, "CHUNK", 8)
    written = feature_store.FeatureEntry.write
    chunks = []

    def dies(entry, rows, made, seconds):
        if len(chunks) == 2:
            raise KeyboardInterrupt
        chunks.append(rows)
        written(entry, rows, made, seconds)

    monkeypatch.setattr(feature_store.FeatureEntry, "write", dies)
    with pytest.raises(KeyboardInterrupt):
        place.run("features")
    monkeypatch.setattr(feature_store.FeatureEntry, "write", written)
    first, (front, _) = place.run("features")
    assert front.seen == 26 - 16
    (data,) = cache_folder().glob("features-*/features.npy")
    row = int(chunks[0][0])
    features = np.load(data, mmap_mode="r+")
    features[row] += 1
    features.flush()
    again, (front, _) = place.run("features")
    assert front.seen == 1
    np.testing.assert_array_equal(first.predictions, again.predictions)


@pytest.mark.parametrize("name", ["features.npy", "marks", "spent.json"])
def test_an_entry_with_a_torn_file_is_made_again(place, name):
    first, _ = place.run("features")
    (file,) = cache_folder().glob(f"features-*/{name}")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    again, _ = place.run("features")
    np.testing.assert_array_equal(first.predictions, again.predictions)


def test_a_full_disk_is_one_sentence(place, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(feature_store.FeatureEntry, "write", full)
    outcome = place.bench.run(place.trials["features"], lambda _: None)
    assert outcome.record.status is Status.FAILED
    assert "No space left on device; make room there" in outcome.record.reason
    assert 'transfer.strategy = "frozen" without' in outcome.record.reason


def test_a_disk_that_becomes_full_keeps_what_was_computed(place, monkeypatch):
    monkeypatch.setattr(features_module, "CHUNK", 8)
    made, calls = feature_store.write_atomically, []

    def fills_up(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        made(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(feature_store, "write_atomically", fills_up)
        outcome = place.bench.run(place.trials["features"], lambda _: None)
    assert "No space left on device; make room there" in outcome.record.reason
    _, (front, _) = place.run("features")
    assert front.seen == 26 - 3 * 8, "the rows were there when what they took could not be kept"


def test_the_head_is_trained_first_then_what_is_above_the_named_layer(place):
    outcome, (_, head, front, fine) = place.run("partial")
    assert [name.partition("/")[0] for name in head.first] == ["head_output"] * 2
    assert front.network.layers[-1].name == "conv_pw_12_relu"
    assert [len(head.rates), len(fine.rates)] == [1, 2]
    assert head.rates == [0.05]
    assert fine.rates == pytest.approx([0.0005] * 2)
    assert [epoch.epoch for epoch in outcome.history] == [1, 2, 3]
    moved = {
        name.partition("/")[0]
        for name, array in fine.get_weights().items()
        if (array != fine.first[name]).any()
    }
    assert moved == {"conv_dw_13", "conv_pw_13", "head_output"}, "batch normalisation stays"
    for name, array in fine.first.items():
        if name.startswith("head_"):
            np.testing.assert_array_equal(array, head.get_weights()[name])


def test_full_fine_tuning_moves_every_kernel_but_no_statistics(place):
    _, (_, head, fine) = place.run("full")
    assert head.network != fine.network, "the head alone learns from features"
    trained = fine.get_weights()
    same = {name for name, array in fine.first.items() if (array == trained[name]).all()}
    assert {name.rpartition("_")[2].partition("/")[0] for name in same} == {"bn"}


def test_from_scratch_is_the_same_network_with_arrays_of_the_seed_and_nothing_frozen(place):
    outcome, (model,) = place.run("scratch")
    frozen, _ = place.run("frozen")
    assert model.network == place.trials["frozen"].network
    assert model.optimization.frozen == frozenset()
    assert outcome.record.pretrained.digest == ""
    assert outcome.record.pretrained.origin.startswith("random arrays")
    assert frozen.record.pretrained.digest == place.trials["frozen"].arrays.digest
    trained = model.get_weights()
    assert any("_bn/mean" in x and (trained[x] != model.first[x]).all() for x in trained)


def test_grey_images_are_given_to_all_channels_and_scaled_as_the_arrays_take_them(place):
    _, (model,) = place.run("frozen")
    trial = place.trials["frozen"]
    from cnnbench.training.images import prepare_images

    images = prepare_images(trial, place.bench.images(trial))
    batch = next(iter(images.evaluation(images.split.test)))
    assert batch.images.shape[1:] == model.network.input_shape == (32, 32, 3)
    raw = place.bench.images(trial).images[images.split.test[:4]].astype(np.float64)
    np.testing.assert_allclose(batch.images[..., :1], raw / 127.5 - 1, atol=1e-6)
    for channel in range(3):
        np.testing.assert_array_equal(batch.images[..., channel], batch.images[..., 0])


def test_every_strategy_and_other_arrays_are_another_trial(place, tmp_path):
    ids = {trial.id for trial in place.trials.values()}
    assert len(ids) == 5
    (tmp_path / "random").mkdir()
    random = Place(tmp_path / "random").trials
    assert random["scratch"].id == place.trials["scratch"].id
    assert ids.isdisjoint(random[x].id for x in ("features", "frozen", "partial", "full"))


def test_arrays_that_change_after_planning_are_refused(place, pretrained, tmp_path):
    copy = tmp_path / "copy.npz"
    copy.write_bytes(pretrained.read_bytes())
    (tmp_path / "copied").mkdir()
    copied = Place(tmp_path / "copied", copy)
    assert copied.trials["frozen"].id == place.trials["frozen"].id, (
        "a file's name is not what it holds"
    )
    content = dict(np.load(copy))
    content["conv1/kernel"] += 1
    np.savez(copy, **content)
    outcome = copied.bench.run(copied.trials["frozen"], lambda _: None)
    assert outcome.record.status is Status.FAILED
    assert "has changed since this study was planned" in outcome.record.reason


def test_old_entries_make_room(tmp_path):
    import os

    for number in range(3):
        folder = tmp_path / f"features-{number}"
        folder.mkdir()
        with (folder / "features.npy").open("wb") as file:
            file.truncate(feature_store.LARGEST // 4)
        os.utime(folder, (number, number))
    feature_store._make_room(tmp_path, feature_store.LARGEST // 2)
    assert sorted(x.name for x in tmp_path.iterdir() if x.is_dir()) == ["features-1", "features-2"]


def test_a_folder_that_can_not_be_written_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "file"))
    entry = feature_store.FeatureEntry("x", 2, (1, 1, 1))
    with pytest.raises(DataError, match="features can't be kept in"), entry.writing():
        pass


def test_rows_that_nobody_wrote_are_never_read(tmp_path, monkeypatch):
    """They are holes, and where the disk is memory, and full, reading one ends the process."""
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path))
    entry = feature_store.FeatureEntry("x", 3, (1, 1, 2))
    made, marked = feature_store._mark, []
    monkeypatch.setattr(feature_store, "_mark", lambda row: marked.append(row) or made(row))
    with entry.writing():
        assert entry.missing(np.arange(3)).tolist() == [0, 1, 2]
        assert marked == []
        entry.write(np.array([1]), np.ones((1, 1, 1, 2), np.float32), 1.0)
        assert entry.missing(np.arange(3)).tolist() == [0, 2]


def halved(folder, pretrained):
    recipe = RECIPE.replace(
        'base = "mobilenet"', 'base = "mobilenet"\nfeature_precision = "float16"'
    )
    folder.mkdir()
    return Place(folder, pretrained, recipe=recipe)


def test_features_take_half_the_room_in_float16_and_change_the_fourth_digit(
    place, tmp_path, pretrained
):
    whole, _ = place.run("features")
    (data,) = cache_folder().glob("features-*/features.npy")
    half = halved(tmp_path / "half", pretrained)
    rounded, models = half.run("features")
    assert len(models) == 2, "they are computed anew"
    (other,) = set(cache_folder().glob("features-*/features.npy")) - {data}
    kept, full = np.load(other), np.load(data)
    assert kept.dtype == np.float16
    np.testing.assert_array_equal(kept, full.astype(np.float16))
    np.testing.assert_allclose(rounded.predictions, whole.predictions, atol=2e-3)
    assert (rounded.predictions != whole.predictions).any()
    assert half.trials["features"].id != place.trials["features"].id
    assert half.trials["frozen"].id == place.trials["frozen"].id, "it keeps no features"


def test_features_that_float16_can_not_hold_are_one_sentence(place, tmp_path, pretrained):
    def too_large(model, batches):
        return 1e6 * NumpyModel.predict(model, batches)

    half = halved(tmp_path / "half", pretrained)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RecordingModel, "predict", too_large)
        outcome = half.bench.run(half.trials["features"], lambda _: None)
    assert outcome.record.status is Status.FAILED
    assert "don't fit float16, which ends at 65504: set transfer.feat" in outcome.record.reason
