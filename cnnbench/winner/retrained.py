"""What a last training left: its networks, how they answer together, what the test says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cnnbench.execution.combining import in_one
from cnnbench.plugin.executor import Outcome
from cnnbench.results.details import Predictions
from cnnbench.training.committee import learned
from cnnbench.winner.retraining import LastTrial, Retraining
from cnnbench.winner.rule import AnswerRule


@dataclass(frozen=True, slots=True)
class Retrained:
    """outcomes: of each of the planned networks. rule: of an ensemble that is made of them.

    predictions: the probabilities of the test images, of all networks together.
    """

    retraining: Retraining
    outcomes: tuple[Outcome, ...]
    rule: AnswerRule | None
    predictions: Predictions

    @property
    def accuracy(self) -> float:
        """Of the test images that are right."""
        answered = self.predictions.probabilities.argmax(axis=1)
        return float((answered == self.predictions.labels).mean())


def retrained(retraining: Retraining, outcomes: Mapping[str, Outcome]) -> Retrained:
    """The networks put together as the recipe says. outcomes: by their trials' ids."""
    own = _of(retraining.networks, outcomes)
    answers = [predictions_of(outcome) for outcome in own]
    rule = _rule(retraining, outcomes)
    if rule is None:
        return Retrained(retraining, own, None, answers[0])
    together = rule.together([each.probabilities for each in answers])
    predictions = Predictions(together, answers[0].rows, answers[0].labels)
    return Retrained(retraining, own, rule, predictions)


def rule_of(outcome: Outcome) -> AnswerRule | None:
    """How the networks of one trial answer together, None where it trains a single one."""
    ensemble = outcome.record.ensemble
    if ensemble is None:
        return None
    return AnswerRule("votes", ensemble.weights) if ensemble.weights else AnswerRule("mean")


def predictions_of(outcome: Outcome) -> Predictions:
    """What a trial that ended well predicted."""
    assert outcome.predictions is not None
    assert outcome.rows is not None
    assert outcome.labels is not None
    return Predictions(outcome.predictions, outcome.rows, outcome.labels)


def _rule(retraining: Retraining, outcomes: Mapping[str, Outcome]) -> AnswerRule | None:
    if not retraining.method:
        return None
    if not retraining.held_out:
        return AnswerRule("mean")
    held_out = [
        in_one([predictions_of(outcome) for outcome in _of(parts, outcomes)])
        for parts in retraining.held_out
    ]
    assert all(np.array_equal(each.rows, held_out[0].rows) for each in held_out)
    answers = [each.probabilities for each in held_out]
    return AnswerRule("regression", regression=learned(answers, held_out[0].labels))


def _of(planned: Sequence[LastTrial], outcomes: Mapping[str, Outcome]) -> tuple[Outcome, ...]:
    return tuple(outcomes[each.trial.id] for each in planned)
