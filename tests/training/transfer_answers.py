"""What every strategy predicts on one backend; as a program, for those that need a process."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from transfer_studies import Place

from cnnbench.loading.manager import load_plugins

AUGMENTED = """
[[variant]]
name = "copies"
transfer.strategy = "partial"
augmentation = { rotation = 0.1, flip = "horizontal", copies = 2 }
"""


def answers(folder, weights, recipe, backend=None):
    """By the variant: probabilities of the test images, and the loss of each epoch."""
    place = Place(Path(folder), weights, recipe=recipe + AUGMENTED, backend=backend)
    found = {}
    for variant in place.trials:
        outcome, _ = place.run(variant)
        found[variant] = outcome.predictions
        found[f"{variant}, losses"] = np.array([epoch.loss for epoch in outcome.history])
    return found


def main(backend, folder, weights, recipe):
    made = answers(folder, weights, Path(recipe).read_text(), load_plugins().backend(backend))
    np.savez(Path(folder) / "answers.npz", **made)


if __name__ == "__main__":
    main(*sys.argv[1:])
