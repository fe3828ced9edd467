"""What training would see of a recipe's images, without training: classes, samples, draws."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.normalization import fit_normalization
from cnnbench.data.passes.passes import TrainingPasses
from cnnbench.data.passes.prepared import PreparedImages
from cnnbench.data.sources.alike import sets_of
from cnnbench.data.sources.cache import CachedImages, open_images
from cnnbench.data.sources.source import Request
from cnnbench.data.sources.streamed import Watcher, nobody
from cnnbench.data.sources.summary import summary_line
from cnnbench.data.spec import AugmentationSpec, DataSpec
from cnnbench.data.splits.draw import split_rows
from cnnbench.data.splits.feasibility import facts_of
from cnnbench.data.splits.selection import select_classes
from cnnbench.loading.plugins import Plugins
from cnnbench.planning.study import image_lines, read_images
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.spec import Recipe
from cnnbench.trials.trial import derive_seed

SAMPLES = 9
"""Images of each class."""
SHOWN = 4
"""Training images that are augmented."""
EPOCHS = 3
"""Draws of each."""

Images = NDArray[np.uint8] | NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class ClassSample:
    """A class. counts: its images, one number for each split that the source fixes, else one.

    images: some of them, (n, height, width, channels), evenly spread over all.
    """

    name: str
    counts: tuple[int, ...]
    images: Images


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """The images that some variants use. summary: what they are. splits: names of the counts."""

    source: str
    summary: str
    splits: tuple[str, ...]
    classes: tuple[ClassSample, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """What the first epochs of the first replicate, and fold, show of a few training images.

    variants: that share these draws. settings: of the augmentation. rows: of the images in the
    source. originals: (n, height, width, channels). drawn: (epochs, n, ...), in 0..255, as they
    are before normalisation.
    """

    variants: tuple[str, ...]
    settings: str
    rows: NDArray[np.int64]
    originals: Images
    drawn: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A recipe's images. lines: what they are. notes: what is to be known of them.

    alike: names of images that look almost alike, in sets, and are in no group together.
    """

    recipe: Recipe
    lines: tuple[str, ...]
    notes: tuple[str, ...]
    sampled: tuple[Sampled, ...]
    draws: tuple[Draws, ...]
    alike: tuple[tuple[str, ...], ...] = ()


def preview(recipe: Recipe, plugins: Plugins, watch: Watcher = nobody) -> Preview:
    """Read a recipe's images, and draw what its augmentation makes of a few.

    watch: is told how far the decoding has come. Needs no backend and no arrays of a base. Raises
    RecipeError and DataError as `cnnbench.planning.study.read_images` does.
    """
    known, notes = read_images(recipe, plugins, watch)
    opened = {key: open_images(plugins.source(key[0]), key[1]) for key in known}
    odd = [note for name, request in known for note in plugins.source(name).oddities(request)]
    return Preview(
        recipe,
        image_lines(recipe, known),
        tuple(dict.fromkeys([*notes, *odd])),
        _sampled(recipe, opened),
        _draws(recipe, opened),
        tuple(dict.fromkeys(found for cached in opened.values() for found in _alike(cached))),
    )


def _alike(cached: CachedImages) -> Iterator[tuple[str, ...]]:
    for rows in sets_of(cached.alike) if cached.alike is not None else ():
        yield tuple(cached.names[row] for row in rows)


_Opened = Mapping[tuple[str, Request], CachedImages]


def _sampled(recipe: Recipe, opened: _Opened) -> tuple[Sampled, ...]:
    """One for each different choice of images."""
    found: dict[object, Sampled] = {}
    for variant in recipe.variants:
        data, key = variant.configuration.data, variant.configuration.request()
        if (key, data.classes) not in found:
            chosen = select_classes(opened[key], data.classes)
            facts = facts_of(chosen)
            counts = zip(*facts.class_count.values(), strict=True)
            classes = [
                ClassSample(name, tuple(numbers), chosen.images[_spread(chosen.labels == label)])
                for label, (name, numbers) in enumerate(zip(chosen.classes, counts, strict=True))
            ]
            splits = tuple(facts.class_count)
            found[key, data.classes] = Sampled(
                data.source, summary_line(facts), splits, tuple(classes)
            )
    return tuple(found.values())


def _spread(is_member: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Rows of up to SAMPLES members, from the first to the last."""
    rows = np.flatnonzero(is_member)
    return rows[_evenly(len(rows), SAMPLES)]


def _evenly(count: int, most: int) -> NDArray[np.int64]:
    """Up to `most` different places in 0..count-1, evenly spread, the first and last among them."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(np.int64)


def _draws(recipe: Recipe, opened: _Opened) -> tuple[Draws, ...]:
    """One for each different augmentation of different images, in the order of the variants."""
    names: dict[tuple[DataSpec, int, AugmentationSpec], list[str]] = {}
    first: dict[tuple[DataSpec, int, AugmentationSpec], Configuration] = {}
    for variant in recipe.variants:
        configuration = variant.configuration
        if configuration.augmentation.active:
            folds = configuration.evaluation.folds
            key = (configuration.data, folds, configuration.augmentation)
            names.setdefault(key, []).append(variant.name)
            first.setdefault(key, configuration)
    return tuple(
        _draw(recipe.seed, first[key], opened[first[key].request()], shared)
        for key, shared in names.items()
    )


def _draw(
    seed: int, configuration: Configuration, cached: CachedImages, names: Sequence[str]
) -> Draws:
    spec, folds = configuration.data, configuration.evaluation.folds
    chosen = select_classes(cached, spec.classes)
    fold = 0 if folds else None
    train = split_rows(
        chosen.labels,
        chosen.fixed,
        spec,
        seed=derive_seed(seed, 0, None, "split"),
        fold=fold,
        folds=folds,
        classes=chosen.classes,
        groups=chosen.groups,
    ).train
    passes = TrainingPasses(
        PreparedImages.of_rows(
            chosen.images,
            chosen.labels,
            train,
            fit_normalization(chosen.images, train, "none"),
            configuration.augmentation,
        ),
        configuration.training.batch_size,
        order_seed=derive_seed(seed, 0, fold, "order"),
        augmentation_seed=derive_seed(seed, 0, fold, "augmentation"),
    )
    positions = _of_different_classes(chosen.labels[train])
    return Draws(
        tuple(names),
        _settings(configuration.augmentation),
        train[positions],
        chosen.images[train[positions]],
        np.stack([passes.seen(positions, epoch) for epoch in range(EPOCHS)]),
    )


def _of_different_classes(labels: NDArray[np.int32]) -> NDArray[np.int64]:
    """Places of up to SHOWN images, of as many classes as there are."""
    earlier: dict[int, int] = {}
    occurrence = []
    for label in labels.tolist():
        earlier[label] = earlier.get(label, 0) + 1
        occurrence.append(earlier[label])
    order = np.lexsort((labels, np.array(occurrence)))[: max(SHOWN, len(earlier))]
    return order[_evenly(len(order), SHOWN)]


def _settings(spec: AugmentationSpec) -> str:
    """What differs from none: rotation 0.05, flip horizontal."""
    changed = spec.model_dump(exclude_defaults=True)
    return ", ".join(f"{key} {json.dumps(value)}" for key, value in changed.items()).replace(
        '"', ""
    )
