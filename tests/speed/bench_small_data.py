"""The whole small_data recipe, against the same trials as a user would write them with Keras.

The reference is one script that trains the same 35 trials in turn with compile and fit, on Keras's
torch backend, with both cores, and with Keras's own augmentation layers where a variant augments.
Both sides are whole processes: imports, decoding (from the cache) and reports included.

    python tests/speed/bench_small_data.py [--plain] [--epochs N] [--rounds N]

--plain leaves the augmented variants out. --epochs shortens every trial (the recipe has 40).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from turns import by_turns, machine, process

RECIPE = Path("recipes/small_data.toml")
AUGMENTED = ("augmentation", "together")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--plain", action="store_true")
    options.add_argument("--epochs", type=int, default=40)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--reference", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.reference:
        train_as_a_user_would(json.loads(chosen.reference))
        return
    with tempfile.TemporaryDirectory() as folder:
        recipe = Path(folder) / "small_data.toml"
        recipe.write_text(without_augmentation() if chosen.plain else RECIPE.read_text())
        run = [sys.executable, "-m", "cnnbench", "run", str(recipe), "--backend", "torch"]
        run += ["--set", f"training.epochs={chosen.epochs}", "--quiet", "--force"]
        run += ["--results", folder]
        work = {"recipe": str(recipe), "epochs": chosen.epochs}
        reference = [sys.executable, __file__, "--reference", json.dumps(work)]
        process([*run, "--dry-run"])  # decode the images
        what = "without its augmented variants" if chosen.plain else "whole"
        print(f"small_data, {what}, {chosen.epochs} epochs, torch; {machine()}", flush=True)
        sides = {
            "cnnbench": lambda: process(run),
            "Keras script": lambda: process(reference, {"KERAS_BACKEND": "torch"}),
        }
        by_turns(sides, chosen.rounds, target=0.95 if chosen.plain else 0.6)


def without_augmentation() -> str:
    """The recipe's text without the variants that augment."""
    head, *variants = RECIPE.read_text().split("[[variant]]")
    kept = [text for text in variants if not any(f'"{name}"' in text for name in AUGMENTED)]
    return "[[variant]]".join([head, *kept])


def train_as_a_user_would(work: dict[str, object]) -> None:
    """Train every variant and replicate with Keras alone; 200 training images each."""
    import keras
    import numpy as np
    from keras import layers

    from cnnbench.installed import installed_plugins
    from cnnbench.recipe.load import load_recipe

    find_source = installed_plugins().source
    recipe = load_recipe(str(work["recipe"]), find_source=find_source)
    from cnnbench.data.sources.cache import open_images
    from cnnbench.data.sources.source import Request

    digits = open_images(find_source("mnist5k"), Request())
    images, labels = np.asarray(digits.images), np.asarray(digits.labels)
    for replicate in range(recipe.replicates):
        order = np.random.default_rng(replicate).permutation(len(images))
        train, validation, test = order[:200], order[200:400], order[400:1400]
        for variant in recipe.variants:
            network = variant.configuration.network
            augmentation = variant.configuration.augmentation
            norm = (
                (lambda: [layers.BatchNormalization(momentum=0.9)])
                if (network.batch_norm == "before")
                else list
            )
            penalty = keras.regularizers.L2(network.l2) if network.l2 else None
            stack = [keras.Input((28, 28, 1)), layers.Rescaling(1 / 255)]
            if augmentation.active:
                fill = {"fill_mode": "constant"}
                stack += [
                    layers.RandomRotation(augmentation.rotation, **fill),
                    layers.RandomZoom(augmentation.zoom, **fill),
                    layers.RandomTranslation(
                        augmentation.translation_height, augmentation.translation_width, **fill
                    ),
                ]
            for number, filters in enumerate((32, 64, 64)):
                stack += [layers.Conv2D(filters, 3, kernel_regularizer=penalty), *norm()]
                stack += [layers.Activation("relu")]
                stack += [layers.MaxPooling2D()] if number < 2 else []
            stack += [layers.Flatten()]
            stack += [layers.Dense(64, activation="relu", kernel_regularizer=penalty)]
            stack += [layers.Dropout(network.dropout)] if network.dropout else []
            stack += [layers.Dense(10, activation="softmax")]
            model = keras.Sequential(stack)
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            patience = variant.configuration.training.early_stopping.patience
            stop = [keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)]
            model.fit(
                images[train],
                labels[train],
                batch_size=32,
                epochs=int(str(work["epochs"])),
                validation_data=(images[validation], labels[validation]),
                callbacks=stop if patience else [],
                verbose=0,
            )
            model.evaluate(images[test], labels[test], verbose=0)


if __name__ == "__main__":
    main()
