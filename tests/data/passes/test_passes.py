import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnbench.data.augmentation import augment, central_window, draw_parameters
from cnnbench.data.passes import batches as batches_module
from cnnbench.data.passes import prepared
from cnnbench.data.passes.batches import Batch, Batches
from cnnbench.data.passes.normalization import fit_normalization
from cnnbench.data.passes.passes import TrainingPasses, evaluation_pass
from cnnbench.data.spec import AugmentationSpec

PLAIN = AugmentationSpec()
TURNED = AugmentationSpec(flip="horizontal", rotation=0.1)
CROPPED = AugmentationSpec(crop=(5, 4))
BLENDED = AugmentationSpec(flip="horizontal", mixup=1.0)
CUT = AugmentationSpec(random_erasing=0.5, cutmix=1.0)
ROWS = np.array([19, 3, 0, 7, 12, 5, 8, 9, 1, 16, 2])


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """(images, labels): 20 images as a worker maps them, label 100 + row."""
    path = tmp_path_factory.mktemp("source") / "images.npy"
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 6, 3)).astype(np.uint8)
    np.save(path, images)
    return np.load(path, mmap_mode="r"), np.arange(100, 120, dtype=np.int32)


def passes(source, augmentation=PLAIN, *, rows=ROWS, kind="standardize", weights=None, order=1):
    images, labels = source
    normalization = fit_normalization(images, rows, kind)
    images = prepared.PreparedImages.of_rows(
        images, labels, rows, normalization, augmentation, weights
    )
    return TrainingPasses(images, batch_size=4, order_seed=order, augmentation_seed=2)


def evaluation(source, augmentation=PLAIN, kind="scale"):
    images, labels = source
    normalization = fit_normalization(images, ROWS, kind)
    images = prepared.PreparedImages.of_rows(images, labels, ROWS, normalization, augmentation)
    return evaluation_pass(images, batch_size=4)


def stacked(batches):
    return Batch(*(np.concatenate(parts) for parts in zip(*batches, strict=True)))


def assert_same(one, other):
    for left, right in zip(one, other, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("augmentation", [PLAIN, TURNED, CROPPED])
def test_an_epoch_holds_every_row_once_in_batches_of_float32(source, augmentation):
    epoch = passes(source, augmentation).epoch(0)
    received = list(epoch)
    assert [len(batch.images) for batch in received] == [4, 4, 3]
    assert len(epoch) == 3
    assert epoch.size == 11
    for batch in received:
        assert batch.images.dtype == np.float32
        assert batch.images.flags.c_contiguous
        assert batch.images.shape[1:] == ((5, 4, 3) if augmentation.crop else (8, 6, 3))
        assert batch.labels.dtype == np.int32
        assert batch.weights.tolist() == [1.0] * len(batch.images)
    assert sorted(stacked(received).labels) == sorted(ROWS + 100)


def test_without_augmentation_a_batch_is_the_normalised_rows(source):
    images, _ = source
    normalization = fit_normalization(images, ROWS, "standardize")
    batch = stacked(passes(source).epoch(0))
    np.testing.assert_array_equal(batch.images, normalization.apply(images[batch.labels - 100]))


def test_augmentation_comes_before_normalisation_and_follows_the_place_in_rows(source):
    images, _ = source
    drawn = draw_parameters(TURNED, seed=2, epoch=3, count=len(ROWS), shape=(8, 6, 3))
    moved = augment(images[ROWS], drawn, TURNED)
    expected = fit_normalization(images, ROWS, "standardize").apply(moved)
    batch = stacked(passes(source, TURNED).epoch(3))
    place = {row: position for position, row in enumerate(ROWS)}
    positions = [place[label - 100] for label in batch.labels]
    np.testing.assert_array_equal(batch.images, expected[positions])


def test_augmentation_does_not_change_the_order(source):
    plain, turned = passes(source).epoch(2), passes(source, TURNED).epoch(2)
    np.testing.assert_array_equal(stacked(plain).labels, stacked(turned).labels)


def test_orders_differ_between_epochs_and_seeds(source):
    epochs = [
        passes(source).epoch(0),
        passes(source).epoch(1),
        passes(source, order=5).epoch(0),
    ]
    assert len({tuple(stacked(epoch).labels) for epoch in epochs}) == 3


@pytest.mark.parametrize("augmentation", [PLAIN, TURNED])
def test_a_pass_can_be_iterated_and_made_again(source, augmentation):
    epoch = passes(source, augmentation).epoch(1)
    first = stacked(epoch)
    assert_same(stacked(epoch), first)
    assert_same(stacked(passes(source, augmentation).epoch(1)), first)


def test_augmented_pixels_differ_between_epochs(source):
    training = passes(source, TURNED)
    by_label = []
    for number in (0, 1):
        batch = stacked(training.epoch(number))
        by_label.append(batch.images[np.argsort(batch.labels)])
    assert not np.array_equal(*by_label)


def test_a_row_that_occurs_twice_is_augmented_twice(source):
    batch = stacked(passes(source, TURNED, rows=np.array([4, 4, 4, 4]), kind="scale").epoch(0))
    assert batch.labels.tolist() == [104] * 4
    assert len({image.tobytes() for image in batch.images}) > 1


def test_weights_belong_to_rows(source):
    weights = (ROWS / 10).astype(np.float32)
    batch = stacked(passes(source, weights=weights).epoch(0))
    np.testing.assert_allclose(batch.weights, (batch.labels - 100) / 10, rtol=1e-6)


def test_resident_arrays_in_their_order_are_the_batches(source):
    epoch = passes(source).epoch(4)
    whole = epoch.resident
    received = Batch(*(array[whole.order] for array in (whole.images, whole.labels, whole.weights)))
    assert_same(stacked(epoch), received)


def test_the_key_of_resident_arrays_tells_whether_they_are_equal(source):
    training = passes(source)
    first = training.epoch(0).resident
    assert training.epoch(1).resident.images is first.images
    assert passes(source, order=9).epoch(0).resident.key == first.key
    images, labels = source
    others = [
        passes(source, rows=ROWS[::-1]),
        passes(source, kind="scale"),
        passes(source, weights=np.full(len(ROWS), 2, np.float32)),
        passes((images, labels + 1)),
    ]
    assert first.key not in {other.epoch(0).resident.key for other in others}


def test_augmented_images_are_not_resident(source):
    assert passes(source, TURNED).epoch(0).resident is None
    assert passes(source, CROPPED).epoch(0).resident is None
    assert evaluation(source, TURNED).resident is not None


@pytest.mark.parametrize("augmentation", [PLAIN, TURNED, CROPPED])
def test_images_too_large_to_hold_are_made_batch_by_batch(source, augmentation, monkeypatch):
    epoch, test = passes(source, augmentation).epoch(0), evaluation(source, augmentation)
    held = stacked(epoch), stacked(test)
    monkeypatch.setattr(prepared, "HELD_BYTES", 100)
    epoch, test = passes(source, augmentation).epoch(0), evaluation(source, augmentation)
    assert epoch.resident is None
    assert test.resident is None
    assert_same(stacked(epoch), held[0])
    assert_same(stacked(test), held[1])


@pytest.mark.parametrize("augmentation", [PLAIN, TURNED])
@given(cuts=st.tuples(st.integers(0, 4), st.integers(0, 4)))
def test_selected_batches_are_those_of_the_pass(source, augmentation, cuts):
    start, stop = cuts
    epoch = passes(source, augmentation).epoch(0)
    part = epoch.select(start, stop)
    received, expected = list(part), list(epoch)[start:stop]
    assert len(part) == len(received) == len(expected)
    for one, other in zip(received, expected, strict=True):
        assert_same(one, other)


def test_evaluation_keeps_the_order_of_rows_and_never_augments(source):
    images, _ = source
    batch = stacked(evaluation(source, TURNED))
    np.testing.assert_array_equal(batch.labels, ROWS + 100)
    np.testing.assert_allclose(batch.images, images[ROWS] / 255, atol=1e-6)


def test_a_crop_leaves_the_statistics_of_the_whole_training_images(source):
    images, _ = source
    batch = stacked(evaluation(source, AugmentationSpec(crop=(7, 5)), kind="center"))
    assert batch.images.shape == (11, 7, 5, 3)
    whole = fit_normalization(images, ROWS, "center").apply(images[ROWS])
    expected = np.stack([central_window(image[None], (7, 5))[0] for image in whole])
    np.testing.assert_allclose(batch.images, expected, atol=1e-6)
    training = passes(source, AugmentationSpec(crop=(7, 5)), kind="standardize")
    assert stacked(training.epoch(0)).images.shape == (11, 7, 5, 3)


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "cnnbench-prefetch"]


def test_no_thread_outlives_a_consumer_that_stops_early(source):
    batches = iter(passes(source, TURNED).epoch(0))
    next(batches)
    assert len(threads()) == 1
    batches.close()
    assert threads() == []


def test_an_error_while_augmenting_reaches_the_consumer(source):
    training = passes(source, TURNED, rows=np.array([0, 1, 2, 3, 4]))
    training.images.rows[:] = 1000
    with pytest.raises(IndexError):
        list(training.epoch(0))
    assert threads() == []


def test_waited_counts_what_the_consumer_waits_and_not_what_it_computes(monkeypatch):
    now = 0.0

    class Slow(Batches):
        size, batch_size = 3, 1

        def produce(self):
            nonlocal now
            for _ in range(3):
                now += 2
                yield Batch(np.zeros((1, 2, 2, 1)), np.zeros(1), np.ones(1))

        def select(self, start, stop):
            raise AssertionError

    monkeypatch.setattr(batches_module.time, "perf_counter", lambda: now)
    batches = Slow()
    for _ in batches:
        now += 10
    assert batches.waited == 6


@pytest.mark.parametrize("augmentation", [PLAIN, TURNED, CROPPED])
def test_what_is_seen_of_an_image_is_what_its_epoch_holds(source, augmentation):
    made = passes(source, augmentation)
    epoch = stacked(made.epoch(1))
    positions = np.array([7, 0, 3])
    places = [epoch.labels.tolist().index(100 + ROWS[position]) for position in positions]
    np.testing.assert_array_equal(made.seen(positions, 1), epoch.images[places])


def test_copies_take_turns_in_orders_of_their_own(source):
    free, two = passes(source, TURNED), passes(source, TURNED.model_copy(update={"copies": 2}))
    positions = np.arange(len(ROWS))
    for epoch in range(5):
        np.testing.assert_array_equal(
            two.seen(positions, epoch), free.seen(positions, epoch % 2), err_msg=f"epoch {epoch}"
        )
        one, other = stacked(two.epoch(epoch)), stacked(free.epoch(epoch))
        np.testing.assert_array_equal(one.labels, other.labels)
    assert (free.seen(positions, 0) != free.seen(positions, 2)).any()


def test_what_was_made_of_copies_stands_in_their_place(source):
    images, labels = source
    augmentation = AugmentationSpec(crop=(5, 4), contrast=0.5, copies=2)
    weights = np.arange(len(ROWS), dtype=np.float32)
    prepared_images = prepared.PreparedImages.of_rows(
        images, labels, ROWS, fit_normalization(images, ROWS, "center"), augmentation, weights
    )
    rng = np.random.default_rng(3)
    made = {copy: rng.random((len(ROWS), 2, 2, 5), np.float32) for copy in range(2)}
    shown = TrainingPasses(prepared_images, 4, order_seed=1, augmentation_seed=2, made=made)
    for epoch in range(3):
        batch = stacked(shown.epoch(epoch))
        positions = batch.weights.astype(int)
        assert sorted(positions) == list(range(len(ROWS)))
        np.testing.assert_array_equal(batch.images, made[epoch % 2][positions])
        np.testing.assert_array_equal(batch.labels, 100 + ROWS[positions])
        resident = shown.epoch(epoch).resident
        np.testing.assert_array_equal(resident.images[resident.order], batch.images)


def mixed(source, augmentation, order=1, batch_size=4, weights=None):
    made = passes(source, augmentation, order=order, weights=weights).images
    soft = np.eye(len(ROWS), dtype=np.float32)  # every image is a class of its own
    made = replace(made, labels=soft)
    return TrainingPasses(made, batch_size=batch_size, order_seed=order, augmentation_seed=2)


@pytest.mark.parametrize("augmentation", [BLENDED, CUT])
def test_a_mixture_depends_on_the_epoch_and_not_on_order_or_batches(source, augmentation):
    made = mixed(source, augmentation)
    one, again = stacked(made.epoch(0)), stacked(made.epoch(0))
    assert_same(one, again)
    assert one.labels.shape == (11, 11)
    assert one.labels.dtype == one.images.dtype == np.float32
    np.testing.assert_allclose(one.labels.sum(axis=1), 1, atol=1e-6)
    other = stacked(mixed(source, augmentation, order=5, batch_size=3).epoch(0))

    def sorted_by_label(batch):
        return [array[np.lexsort(batch.labels.T)] for array in batch]

    assert_same(sorted_by_label(one), sorted_by_label(other))
    assert not np.array_equal(one.images, stacked(made.epoch(1)).images)


def test_a_mixture_is_of_augmented_images_before_normalisation(source):
    made = mixed(source, BLENDED).epoch(0)
    batch = stacked(made)
    plain = AugmentationSpec(flip="horizontal")
    alone = stacked(passes(source, plain).epoch(0))
    shown = dict(zip((alone.labels - 100).tolist(), alone.images, strict=True))
    for image, label in zip(batch.images, batch.labels, strict=True):
        expected = sum(share * shown[row] for share, row in zip(label, ROWS.tolist(), strict=True))
        np.testing.assert_allclose(image, expected, atol=1e-4)


@pytest.mark.parametrize("augmentation", [BLENDED, CUT])
def test_a_part_of_a_mixed_pass_shows_the_same_mixtures(source, augmentation):
    epoch = mixed(source, augmentation).epoch(1)
    assert epoch.resident is None
    assert_same(list(epoch)[1], next(iter(epoch.select(1, 2))))
    positions = np.arange(len(ROWS))
    whole = stacked(epoch)
    found = mixed(source, augmentation).seen(positions, 1)
    assert sorted(image.tobytes() for image in found) == sorted(x.tobytes() for x in whole.images)


def test_soft_labels_alone_leave_a_pass_resident_under_another_key(source):
    hard, soft = passes(source).epoch(0), mixed(source, PLAIN).epoch(0)
    assert soft.resident.labels.shape == (11, 11)
    assert soft.resident.key != hard.resident.key
    np.testing.assert_array_equal(stacked(soft).labels, soft.resident.labels[soft.resident.order])


@pytest.mark.parametrize("augmentation", [BLENDED, CUT])
def test_labels_of_mixed_copies_follow_what_was_made_of_them(source, augmentation):
    images = mixed(source, augmentation.model_copy(update={"copies": 2})).images
    positions = np.arange(len(ROWS))
    rng = np.random.default_rng(3)
    made = {copy: rng.random((len(ROWS), 1, 1, 5), np.float32) for copy in range(2)}
    shown = TrainingPasses(images, 4, order_seed=1, augmentation_seed=2, made=made)
    free = TrainingPasses(images, 4, order_seed=1, augmentation_seed=2)
    for epoch in range(4):
        pixels = shown.seen(positions, epoch)
        np.testing.assert_array_equal(pixels, made[epoch % 2])
        one, other = stacked(shown.epoch(epoch)), stacked(free.epoch(epoch))
        np.testing.assert_array_equal(one.labels, other.labels)
        np.testing.assert_array_equal(one.weights, other.weights)
        resident = shown.epoch(epoch).resident
        np.testing.assert_array_equal(resident.labels[resident.order], one.labels)
    keys = {shown.epoch(epoch).resident.key for epoch in range(4)}
    assert len(keys) == 2
