"""What is made of trials: ensembles, tuned variants, as soon as their trials have ended."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from cnnbench.errors import ResultsError
from cnnbench.execution.choosing import best, validation_of
from cnnbench.planning.study import Study
from cnnbench.results.details import Predictions, read_predictions, read_validation
from cnnbench.results.read import newest_records
from cnnbench.results.record import Costs, Ensemble, Record, Status, Tried, Tuning
from cnnbench.training.committee import Probabilities, averaged, learned
from cnnbench.training.costs import OF_PREDICTION, features_seconds
from cnnbench.training.metrics import evaluate
from cnnbench.trials.combination import Combination
from cnnbench.trials.trial import Trial

LOGGER = logging.getLogger(__name__)
Rule = Callable[[Sequence[Probabilities]], Probabilities]
_OF_TRAINING = (
    "compile", "training", "evaluation", "data", "total", "energy", "device_energy",
)  # fmt: skip
_LARGEST = ("peak_memory", "device_memory")


class Combiner:
    """Makes the records of a study's combinations that have none, once their trials have ended."""

    def __init__(self, study: Study, *, anew: bool) -> None:
        """anew: whether only what is recorded from now on counts."""
        self._study = study
        done = frozenset() if anew else study.store.done(x.id for x in study.combinations)
        self._waiting = [each for each in study.combinations if each.id not in done]
        # How many combinations that wait need a trial: no other record is kept.
        self._wanted = Counter(x.id for each in self._waiting for x in each.trials)
        known = newest_records(study.store.folder) if self._waiting and not anew else {}
        self._records = {key: known[key] for key in self._wanted.keys() & known.keys()}

    def hear(self, record: Record) -> None:
        """Take up the record of a trial that was just stored."""
        if record.trial in self._wanted:
            self._records[record.trial] = record
            self.combine(only_ok=True)

    def combine(self, *, only_ok: bool = False) -> None:
        """Store what can be made. only_ok: not yet of trials that failed, which may run again.

        Raises ResultsError where predictions can't be read or a record can't be stored.
        """
        for combination in [*self._waiting]:
            records = [self._records.get(trial.id) for trial in combination.trials]
            there = [record for record in records if record is not None]
            if len(there) < len(records):
                continue
            failed = _in_the_way(combination, there)
            if failed and only_ok:
                continue
            self._waiting.remove(combination)
            if failed:
                self._store_failure(combination, failed)
            elif combination.drawn:
                self._store_choice(combination, there)
            else:
                self._store(combination, self._records)
            self._let_go(combination)

    def _let_go(self, combination: Combination) -> None:
        """Keep no record that only this one needed."""
        for trial in combination.trials:
            self._wanted[trial.id] -= 1
            if not self._wanted[trial.id]:
                del self._wanted[trial.id], self._records[trial.id]

    def _store_failure(self, combination: Combination, failed: Record) -> None:
        which = failed.member or f"variant {failed.variant}"
        record = _blank(combination, failed).model_copy(
            update={
                "status": failed.status,
                "diverged": failed.diverged,
                "reason": f"{which} ended as {failed.status}: {failed.reason}",
            }
        )
        self._study.store.append(record)

    def _store_choice(self, combination: Combination, tried: Sequence[Record]) -> None:
        """Take the candidate that is best on validation images, with the costs of all."""
        begun = time.perf_counter()
        metric = combination.configuration.tune.metric
        validations = [validation_of(record) for record in tried]
        place = best(validations, metric)
        assert place is not None, "of candidates of which one ended well"
        chosen = tried[place]
        candidates = tuple(
            Tried(trial=record.trial, settings=settings, value=found[metric] if found else None)
            for record, settings, found in zip(tried, combination.drawn, validations, strict=True)
        )
        record = _blank(combination, chosen).model_copy(
            update={
                "samples": chosen.samples,
                "metrics": chosen.metrics,
                "tuning": Tuning(metric=metric, chosen=place, candidates=candidates),
                "epochs": chosen.epochs,
                "best_epoch": chosen.best_epoch,
                "costs": _costs(tried, [chosen], seconds=time.perf_counter() - begun),
            }
        )
        folder = self._study.store.folder
        asked = read_predictions(folder, chosen.trial)
        self._study.store.append(
            record,
            predictions=asked.probabilities,
            rows=asked.rows,
            labels=asked.labels,
            validation=read_validation(folder, chosen.trial),
        )
        LOGGER.info(
            "%s, replicate %d: candidate %d of %d chosen",
            combination.variant,
            combination.replicate + 1,
            place + 1,
            len(tried),
        )

    def _store(self, combination: Combination, records: Mapping[str, Record]) -> None:
        begun = time.perf_counter()
        folder = self._study.store.folder
        asked = [read_predictions(folder, trial.id) for trial in combination.members]
        _refuse_other_rows(combination.members, asked)
        rows, labels = asked[0].rows, asked[0].labels
        put_together = self._rule(combination)
        together = put_together([each.probabilities for each in asked])
        first = records[combination.members[0].id]
        metrics = {"test": evaluate(together, labels)}
        validation = self._validation(combination, put_together)
        if validation is not None:
            metrics["validation"] = evaluate(validation.probabilities, validation.labels)
        if "trivial" in first.metrics:
            metrics["trivial"] = dict(first.metrics["trivial"])
        record = _blank(combination, first).model_copy(
            update={
                "samples": first.samples,
                "metrics": metrics,
                "ensemble": Ensemble(
                    method=combination.configuration.ensemble.method,
                    networks=len(combination.trials),
                    accuracies=tuple(_accuracies(combination.members, records)),
                    trials=tuple(trial.id for trial in combination.trials),
                ),
                "epochs": sum(records[trial.id].epochs or 0 for trial in combination.trials),
                "costs": _costs(
                    [records[trial.id] for trial in combination.trials],
                    [records[trial.id] for trial in combination.members],
                    seconds=time.perf_counter() - begun,
                ),
            }
        )
        self._study.store.append(
            record, predictions=together, rows=rows, labels=labels, validation=validation
        )
        LOGGER.info("%s, replicate %d: combined", combination.variant, combination.replicate + 1)

    def _rule(self, combination: Combination) -> Rule:
        """How the members' answers are put together."""
        if not combination.held_out:
            return averaged
        folder = self._study.store.folder
        held = [
            in_one([read_predictions(folder, trial.id) for trial in parts])
            for parts in combination.held_out
        ]
        _refuse_other_rows(combination.members, held)
        return learned([each.probabilities for each in held], held[0].labels).together

    def _validation(self, combination: Combination, put_together: Rule) -> Predictions | None:
        """The same of validation images; None where a member's answers to them were not kept."""
        folder = self._study.store.folder
        found = [read_validation(folder, trial.id) for trial in combination.members]
        asked = [each for each in found if each is not None]
        if len(asked) < len(found):
            return None
        _refuse_other_rows(combination.members, asked)
        together = put_together([each.probabilities for each in asked])
        return Predictions(together, asked[0].rows, asked[0].labels)


def _blank(combination: Combination, like: Record) -> Record:
    """A record with nothing but what is known beforehand, from the machine of a trial."""
    return Record(
        trial=combination.id,
        recipe=combination.recipe,
        variant=combination.variant,
        replicate=combination.replicate,
        fold=combination.fold,
        backend=combination.backend,
        device=like.device,
        status=Status.OK,
        settings=combination.configuration.model_dump(
            mode="json", exclude={"evaluation": {"margin"}}
        ),
        pretrained=like.pretrained,
        environment=like.environment,
        beside=like.beside,
        started=time.time(),
    )


def _accuracies(members: Iterable[Trial], records: Mapping[str, Record]) -> list[float]:
    return [records[trial.id].metrics["test"]["accuracy"] for trial in members]


def _in_the_way(combination: Combination, there: Sequence[Record]) -> Record | None:
    """A trial that failed; a candidate that diverged was tried, as long as another did not."""
    failed = [x for x in there if x.status is not Status.OK]
    if combination.drawn and len(failed) < len(there):
        failed = [record for record in failed if not record.diverged]
    return failed[0] if failed else None


def _costs(trials: Sequence[Record], members: Sequence[Record], *, seconds: float) -> Costs:
    """What its trials took together, and itself; of predictions what all members take.

    Features that several share were computed once, and count once.
    trials, members: their records; of trials that diverged no cost is known. seconds: of putting
    them together, on the processor of the starter.
    """
    ended = [record for record in trials if record.status is Status.OK]
    found = {
        **{name: _together(ended, name, sum) for name in _OF_TRAINING},
        **{name: _together(members, name, sum) for name in OF_PREDICTION},
        **{name: _together(ended, name, max) for name in _LARGEST},
    }
    if shared := [x for record in ended for x in record.shared]:
        found["features"] = features_seconds(shared)
    if found["total"] is not None:
        found["total"] += seconds
    return Costs(**found)


def _together(
    records: Sequence[Record], name: str, put: Callable[[Iterable[float]], float]
) -> float | None:
    """A cost of all of them; None where it was not measured of one."""
    values = [getattr(record.costs, name) for record in records]
    return None if None in values else put(values)


def in_one(parts: Sequence[Predictions]) -> Predictions:
    """The predictions for all parts of the training images, by row."""
    rows = np.concatenate([part.rows for part in parts])
    order = np.argsort(rows, kind="stable")
    probabilities: Probabilities = np.concatenate([part.probabilities for part in parts])[order]
    labels = np.concatenate([part.labels for part in parts])[order]
    return Predictions(probabilities, rows[order], labels)


def _refuse_other_rows(members: Sequence[Trial], asked: Sequence[Predictions]) -> None:
    for trial, each in zip(members, asked, strict=True):
        if not np.array_equal(each.rows, asked[0].rows):
            raise ResultsError(
                f"the predictions of trial {trial.id} are of other data than those of "
                f"{members[0].id}: --force runs them again"
            )
