"""The folder of one recipe on one backend, held by one run at a time."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from cnnbench.errors import ResultsError
from cnnbench.network.network import Weights
from cnnbench.results.details import Predictions, history_csv, predictions_npz
from cnnbench.results.environment import environment_json, environment_key
from cnnbench.results.failure import shortened
from cnnbench.results.files import (
    append_line,
    explain,
    make_folder,
    prove_appendable,
    prove_writable,
    write_atomically,
)
from cnnbench.results.layout import (
    HISTORY,
    LOCK,
    PLAN,
    PREDICTIONS,
    RECORDS,
    TEMPORARY,
    environment_file,
    environments_folder,
    failure_file,
    history_file,
    predictions_file,
    study_folder,
    weights_file,
)
from cnnbench.results.read import collector_paused, newest_records, read_plan, read_statuses
from cnnbench.results.record import Epoch, Plan, Record, Status
from cnnbench.results.weights import weights_bytes, weights_digest

LOGGER = logging.getLogger(__name__)
_PROBE_BYTES = 64 * 1024
"""About what a trial leaves."""


class Store:
    """Appends records to RESULTS/RECIPE/BACKEND and knows which trials need no more running.

    Reading works at any time; for writing, enter it as a context manager: that makes the folders,
    proves that they can be written, and takes a lock which ends with the process, however it ends.

        with Store(Path("results"), "mnist", "torch") as store:
            store.write_plan(plan)
            done = store.done(plan.trials)
            store.append(record, history=epochs, environment=environment)
    """

    def __init__(self, results: Path, recipe: str, backend: str) -> None:
        self.folder = study_folder(results, recipe, backend)
        self._lock = FileLock(self.folder / LOCK)
        self._latest: dict[str, Status] | None = None
        self._problems: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        """Prepare and lock. Raises ResultsError if either can't be done."""
        self.prepare()
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            raise ResultsError(
                f"another run is writing to {self.folder}; wait until it has ended, or stop it, "
                "then give the same command again"
            ) from None
        except OSError as error:
            raise self._not_writable(error) from error
        for folder in self._folders():
            for leftover in folder.glob(f".*{TEMPORARY}"):  # of a run that was killed
                leftover.unlink(missing_ok=True)
        self._latest = None  # another run may have appended before the lock was ours
        return self

    def __exit__(self, *error: object) -> None:
        self._lock.release()

    def prepare(self) -> None:
        """Make the folders and prove that they can be written, by writing. Raises ResultsError."""
        folders = self._folders()
        try:
            for folder in folders:
                make_folder(folder)
            for folder in folders:
                prove_writable(folder, _PROBE_BYTES)
        except OSError as error:
            raise self._not_writable(error) from error
        records = self.folder / RECORDS
        try:
            prove_appendable(records)
        except OSError as error:
            raise ResultsError(
                f"records can't be appended to {records}: {explain(error)}; "
                "mend that or choose another folder with --results"
            ) from error

    def append(
        self,
        record: Record,
        *,
        history: Sequence[Epoch] = (),
        predictions: NDArray[np.float32] | None = None,
        rows: NDArray[np.int64] | None = None,
        labels: NDArray[np.int32] | None = None,
        validation: Predictions | None = None,
        weights: Weights | None = None,
        environment: Mapping[str, object] | None = None,
        failure: str = "",
    ) -> Record:
        """Store what a trial left and return its record, which names what stands beside it now.

        predictions: probabilities, (n, classes), of the images `rows` with the true `labels`; the
        three come together or not at all. validation: the same of validation images. weights: the
        arrays that the trial was judged with; those of an earlier record of the trial go where this
        one brings none. failure: what the reason has no room for; if that can't be kept, the record
        is all the same.

        The record comes last: when its line is on the disk, so is everything it speaks of.
        Raises ResultsError if it can't be stored; nothing recorded before is touched then.
        """
        if not self._lock.is_locked:
            raise RuntimeError("a Store must be entered before it is written to")
        if environment:
            record = record.model_copy(update={"environment": environment_key(environment)})
        predicted = None
        if predictions is not None:
            if rows is None or labels is None:
                raise ValueError("predictions without rows and labels can't be told apart later")
            predicted = Predictions(predictions, rows, labels)
        try:
            kept = self._write_beside(record.trial, history, predicted, validation, weights)
            record = record.model_copy(update={"kept": kept})
            if environment:
                path = environment_file(self.folder, record.environment)
                if not path.exists():
                    self._write(path, environment_json(environment))
            record = self._with_failure(record, failure)
            append_line(self.folder / RECORDS, record.model_dump_json().encode())
        except OSError as error:
            raise ResultsError(
                f"trial {record.trial} can't be stored in {self.folder}: {explain(error)}. "
                f"{self._recorded()}; once that is mended, the same command goes on from there"
            ) from error
        if not failure:
            self._forget(failure_file, record.trial)
        if weights is None and record.status is Status.OK:
            self._forget(weights_file, record.trial)
        LOGGER.info("trial %s recorded in %s: %s", record.trial, self.folder, record.status)
        self._statuses()[record.trial] = record.status
        return record

    def done(self, trials: Iterable[str]) -> frozenset[str]:
        """Those of the trials that need not run again: recorded as ok, or as unsupported.

        What a backend lacks is a matter of its version, not of chance, so trying again would cost
        a framework's import on each run to learn the same. See `unsupported` for after an update.
        """
        return self._with_status(trials, Status.OK, Status.UNSUPPORTED)

    def without_weights(self, trials: Iterable[str]) -> frozenset[str]:
        """Those of the trials recorded as ok whose arrays were not kept."""
        recorded = self._with_status(trials, Status.OK)
        return frozenset(x for x in recorded if not weights_file(self.folder, x).is_file())

    def unusable_weights(self, trials: Iterable[str]) -> frozenset[str]:
        """Those of the trials recorded as ok whose arrays are not there as they were stored."""
        recorded = self._with_status(trials, Status.OK)
        if not recorded:
            return recorded
        kept = {id_: x.kept for id_, x in newest_records(self.folder).items() if x.kept}
        return frozenset(x for x in recorded if weights_digest(self.folder, x) != kept.get(x))

    def unsupported(self, trials: Iterable[str]) -> frozenset[str]:
        """Those of the trials recorded as unsupported, to run again once the backend can."""
        return self._with_status(trials, Status.UNSUPPORTED)

    def ended(self, trials: Iterable[str]) -> frozenset[str]:
        """Those of the trials that have a record, however they ended."""
        return self._with_status(trials, *Status)

    @property
    def problems(self) -> tuple[str, ...]:
        """A sentence about each damage found in the records, such as a line cut by a crash."""
        self._statuses()
        return self._problems

    def write_plan(self, plan: Plan) -> None:
        """Replace the study last asked for. Raises ResultsError."""
        try:
            self._write(self.folder / PLAN, plan.model_dump_json(indent=1).encode() + b"\n")
        except OSError as error:
            raise self._not_writable(error) from error

    def read_plan(self) -> Plan | None:
        """The study last asked for. Raises ResultsError if it is damaged."""
        return read_plan(self.folder)

    def _folders(self) -> tuple[Path, ...]:
        details = (self.folder / HISTORY, self.folder / PREDICTIONS)
        return (self.folder, *details, environments_folder(self.folder))

    def _write(self, path: Path, content: bytes) -> None:
        # Unfinished files stand in this folder alone, where the lock allows to clear them away.
        write_atomically(path, content, temporary_in=self.folder)

    def _write_beside(
        self,
        trial: str,
        history: Sequence[Epoch],
        predictions: Predictions | None,
        validation: Predictions | None,
        weights: Weights | None,
    ) -> str:
        """Returns the SHA-256 of the file of arrays, "" without one."""
        if history:
            self._write(history_file(self.folder, trial), history_csv(history))
        if predictions:
            content = predictions_npz(predictions, validation)
            self._write(predictions_file(self.folder, trial), content)
        if weights is not None:
            path = weights_file(self.folder, trial)
            make_folder(path.parent)
            content = weights_bytes(weights)
            self._write(path, content)
            return hashlib.sha256(content).hexdigest()
        return ""

    def _with_failure(self, record: Record, failure: str) -> Record:
        """The record whose reason says where more stands, if it could be put there."""
        if not failure:
            return record
        path = failure_file(self.folder, record.trial)
        try:
            make_folder(path.parent)
            self._write(path, shortened(failure).encode())
        except OSError as error:
            LOGGER.warning("more on a failure can't be kept in %s: %s", path, explain(error))
            return record
        more = f"more in {path.relative_to(self.folder).as_posix()}"
        return record.model_copy(update={"reason": f"{record.reason}; {more}"})

    def _forget(self, place: Callable[[Path, str], Path], trial: str) -> None:
        """Take away what belongs to an earlier record of the trial, and not to this one."""
        with suppress(OSError, ResultsError):  # left over it harms nobody
            place(self.folder, trial).unlink(missing_ok=True)

    def _statuses(self) -> dict[str, Status]:
        if self._latest is None:
            with collector_paused():
                self._latest, self._problems = read_statuses(self.folder / RECORDS)
        return self._latest

    def _with_status(self, trials: Iterable[str], *wanted: Status) -> frozenset[str]:
        latest = self._statuses()
        return frozenset(trial for trial in trials if latest.get(trial) in wanted)

    def _recorded(self) -> str:
        self._latest = None  # the folder itself may be gone
        count = list(self._statuses().values()).count(Status.OK)
        return f"{count} {'trial is' if count == 1 else 'trials are'} recorded there"

    def _not_writable(self, error: OSError) -> ResultsError:
        return ResultsError(
            f"results can't be written to {self.folder}: {explain(error)}; "
            "mend that or choose another folder"
        )
