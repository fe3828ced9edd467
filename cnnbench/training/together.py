"""What the network of a trial answers, or its networks together where it trains several."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cnnbench.results.record import Ensemble
from cnnbench.training.committee import averaged, boost, voted
from cnnbench.training.images import TrialImages
from cnnbench.training.metrics import accuracy
from cnnbench.training.networks import Answers, Trained, Training
from cnnbench.trials.member import Member
from cnnbench.trials.trial import Trial


@dataclass(slots=True)
class _Asked:
    """What networks answered, in the order in which they were trained.

    votes: the weight of each one's, empty where all count alike. weights: those to be kept.
    """

    answers: list[Answers] = field(default_factory=list)
    votes: list[float] = field(default_factory=list)
    weights: dict[str, NDArray[np.float32]] = field(default_factory=dict)


def answers_of(trial: Trial, training: Training, images: TrialImages) -> tuple[Answers, int]:
    """The probabilities of the trial's images, and how many networks they are of."""
    method = trial.configuration.ensemble.method
    asked = _Asked()
    trained: Trained | None = None
    networks = _boosted if method == "boosting" else _in_turn
    for trained in networks(trial, training, images, asked):
        number = f"{len(asked.answers)}/" if method in ("boosting", "snapshot") else ""
        asked.weights |= {f"{number}{name}": x for name, x in trained.weights.items()}
    assert trained is not None, "a trial trains at least one network"
    training.time_predictions(trained)
    if trial.keeps_weights:
        training.result.arrays["weights"] = asked.weights
    if method not in ("boosting", "snapshot"):
        return asked.answers[0], 1
    labels = images.chosen.labels[images.split.test]
    training.result.fields["ensemble"] = Ensemble(
        method=method,
        networks=len(asked.answers),
        accuracies=tuple(accuracy(each["test"], labels) for each in asked.answers),
        weights=tuple(asked.votes),
    )
    return _together(asked), len(asked.answers)


def _in_turn(
    trial: Trial, training: Training, images: TrialImages, asked: _Asked
) -> Iterator[Trained]:
    for trained in training.networks(trial, images):
        asked.answers.append(training.ask(trained))
        yield trained


def _boosted(
    trial: Trial, training: Training, images: TrialImages, asked: _Asked
) -> Iterator[Trained]:
    """Networks of which each counts more what those before it got wrong."""
    rows, classes = images.split.train, len(images.chosen.classes)
    emphasis = np.ones(len(rows), np.float32)
    for number in range(trial.configuration.ensemble.members):
        one = trial.model_copy(update={"member": Member(number=number)})
        seen = replace(images, trial=one, emphasis=emphasis)
        (trained,) = training.networks(one, seen)
        predicted = training.predict(trained, rows).argmax(axis=1)
        found = boost(emphasis, predicted != images.chosen.labels[rows], classes)
        if asked.answers and not found.weight:
            return
        asked.answers.append(training.ask(trained))
        asked.votes.append(found.weight or 1.0)
        emphasis = found.emphasis
        yield trained
        if found.last:
            return


def _together(asked: _Asked) -> Answers:
    answers = {split: [each[split] for each in asked.answers] for split in asked.answers[0]}
    if asked.votes:
        return {split: voted(each, asked.votes) for split, each in answers.items()}
    return {split: averaged(each) for split, each in answers.items()}
