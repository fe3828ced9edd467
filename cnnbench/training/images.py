"""From a trial to the batches it trains on, validates with and is tested on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.batches import Batches
from cnnbench.data.passes.class_weights import balanced_weights
from cnnbench.data.passes.normalization import Normalization, fit_normalization
from cnnbench.data.passes.passes import TrainingPasses, evaluation_pass
from cnnbench.data.passes.prepared import Features, PreparedImages
from cnnbench.data.passes.scaling import InputScaling
from cnnbench.data.passes.soft_labels import soft_labels
from cnnbench.data.sources.cache import CachedImages
from cnnbench.data.sources.groups import digest_of_groups
from cnnbench.data.spec import AugmentationSpec
from cnnbench.data.splits.draw import Split, bootstrap, held_out, split_rows
from cnnbench.data.splits.feasibility import facts_of, split_notes
from cnnbench.data.splits.selection import select_classes
from cnnbench.results.record import Samples
from cnnbench.trials.trial import Trial

Pixels = NDArray[np.uint8] | NDArray[np.float32]
"""Of images in 0..255, uint8; or signals, float32, (n, length, 1, channels)."""


@dataclass(frozen=True, slots=True)
class TrialImages:
    """What one trial sees of a source.

    images: as its network takes them but for normalisation, (n, height, width, channels).
    emphasis: how much each training image counts in the loss, (train,), None for all alike.
    features: what a part of the network made of each image, (n, height, width, channels), which is
    seen in its place; None without. copies: the same of augmented copies of the training images,
    (train, height, width, channels), by the number of the copy; empty where nothing augments them.
    """

    trial: Trial
    chosen: CachedImages
    images: Pixels
    split: Split
    normalization: Normalization | InputScaling
    augmentation: AugmentationSpec
    emphasis: NDArray[np.float32] | None = None
    features: Features | None = None
    copies: Mapping[int, Features] = field(default_factory=dict)

    def training(self, batch_size: int | None = None) -> TrainingPasses:
        """The passes over the training images: order and pixels follow from the trial's seeds."""
        spec, weights = self.trial.configuration.training, None
        if spec.class_weights == "balanced":
            weights = balanced_weights(self.chosen.labels[self.split.train])
        if self.emphasis is not None:
            weights = self.emphasis if weights is None else weights * self.emphasis
        images = self._prepared(self.split.train, weights, augmented=bool(self.copies))
        if self.trial.configuration.soft_labels:
            own, classes = self.chosen.labels[self.split.train], len(self.chosen.classes)
            images = replace(images, labels=soft_labels(own, classes, spec.label_smoothing))
        return TrainingPasses(
            images,
            batch_size or spec.batch_size,
            order_seed=self.trial.seed_for("order"),
            augmentation_seed=self.trial.seed_for("augmentation"),
            made=self.copies,
            balanced=spec.batches == "balanced",
        )

    def evaluation(self, rows: NDArray[np.int64], batch_size: int | None = None) -> Batches:
        """One pass over these rows as validation and test see them."""
        own_size = self.trial.configuration.training.batch_size
        return evaluation_pass(self._prepared(rows), batch_size or own_size)

    def _prepared(
        self,
        rows: NDArray[np.int64],
        weights: NDArray[np.float32] | None = None,
        *,
        augmented: bool = False,
    ) -> PreparedImages:
        """augmented: as they were before features were made of them."""
        labels = self.chosen.labels
        if self.features is None or augmented:
            return PreparedImages.of_rows(
                self.images, labels, rows, self.normalization, self.augmentation, weights
            )
        return PreparedImages.of_rows(
            self.features, labels, rows, InputScaling(), AugmentationSpec(), weights
        )

    def samples(self) -> Samples:
        """The images used, for the record."""
        classes, groups = len(self.chosen.classes), self.chosen.groups
        splits = {
            "train": self.split.train,
            "validation": self.split.validation,
            "test": self.split.test,
        }
        return Samples(
            source=self.trial.configuration.data.source,
            digest=self.chosen.digest,
            train=len(self.split.train),
            validation=len(self.split.validation),
            test=len(self.split.test),
            classes=self.chosen.classes,
            by_class={
                name: tuple(np.bincount(self.chosen.labels[rows], minlength=classes).tolist())
                for name, rows in splits.items()
            },
            groups={} if groups is None else {x: _distinct(groups, splits[x]) for x in splits},
            grouping="" if groups is None else digest_of_groups(groups),
            synthetic=self.chosen.synthetic,
            notes=(*self.chosen.notes, *self.split_notes()),
            signals=self.chosen.signals,
        )

    def split_notes(self) -> tuple[str, ...]:
        """What is to be known of the splits: the same for all replicates."""
        spec = self.trial.configuration
        return split_notes(facts_of(self.chosen), spec.data, spec.evaluation.folds)


def _distinct(groups: NDArray[np.int64], rows: NDArray[np.int64]) -> int:
    return len(np.unique(groups[rows]))


def prepare_images(trial: Trial, cached: CachedImages) -> TrialImages:
    """Choose the classes, split, and fit the normalisation on training images alone.

    Raises DataError when the source holds less than the recipe asks for.
    """
    spec = trial.configuration.data
    chosen = select_classes(cached, spec.classes)
    split = split_of(trial, chosen)
    augmentation = trial.configuration.augmentation
    if trial.arrays is not None:
        # No base takes signals, and recipes that ask for it are refused.
        pixels = cast("NDArray[np.uint8]", chosen.images)
        images = with_channels(pixels, trial.network.input_shape[2])
        return TrialImages(trial, chosen, images, split, trial.arrays.scaling, augmentation)
    normalization = fit_normalization(chosen.images, split.train, spec.normalization)
    return TrialImages(trial, chosen, chosen.images, split, normalization, augmentation)


def split_of(trial: Trial, chosen: CachedImages) -> Split:
    """The splits of a trial. chosen: the images of its classes.

    Raises DataError as `prepare_images` does.
    """
    split = split_rows(
        chosen.labels,
        chosen.fixed,
        trial.configuration.data,
        seed=trial.seed_for("split"),
        fold=trial.fold,
        folds=trial.configuration.evaluation.folds,
        classes=chosen.classes,
        groups=chosen.groups,
    )
    return _of_member(trial, split if trial.validates else _together(split), chosen)


def _together(split: Split) -> Split:
    """The split with its validation images among its training images."""
    everything = np.sort(np.concatenate([split.train, split.validation]))
    return Split(everything, split.validation[:0], split.test)


def _of_member(trial: Trial, split: Split, chosen: CachedImages) -> Split:
    """What of a split a network of an ensemble sees."""
    member = trial.member
    if member is not None and member.part is not None:
        part, parts = member.part
        split = held_out(
            split,
            chosen.labels,
            seed=trial.seed_for("split"),
            part=part,
            parts=parts,
            groups=chosen.groups,
        )
    if member is not None and member.bootstrap:
        split = bootstrap(split, seed=trial.seed_for("bootstrap"))
    return split


def with_channels(images: Pixels, channels: int) -> Pixels:
    """Images of one channel with it repeated where a base takes three; no pixel is copied."""
    return cast("Pixels", np.broadcast_to(images, (*images.shape[:3], channels)))
