"""What `cnnbench explain` says beside its picture."""

from __future__ import annotations

from pathlib import Path

from cnnbench.report.printable import printable
from cnnbench.report.terminal import Terminal, say
from cnnbench.winner.explanation.explanation import Explanation
from cnnbench.winner.table import Prediction, print_predictions


def print_explanation(console: Terminal, explained: Explanation) -> None:
    """The class of each image, and what can't be seen in the picture."""
    subject = explained.subject
    if explained.heat is None:
        say(f"note: {subject.title} has no classifier: its layers are shown, and no heat map")
        return
    heat = explained.heat
    predictions = [
        Prediction(Path(file), probabilities, row=row)
        for file, row, probabilities in zip(
            explained.files, explained.rows, heat.probabilities, strict=True
        )
    ]
    print_predictions(console, predictions, subject.classes, subject.preprocessing.noun)
    for row, name in enumerate(explained.names):
        if not heat.values[row].any():
            say(
                f"note: nothing in {printable(name)} speaks for {explained.class_of(row)} at "
                f"{heat.layer}"
            )
