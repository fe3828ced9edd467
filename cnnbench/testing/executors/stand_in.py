"""Work that trains nothing: what each of its trials does, and leaves, is known beforehand."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cnnbench.data.sources.cache import CachedImages, digest_of
from cnnbench.errors import PluginError
from cnnbench.plugin.executor import Outcome, Work
from cnnbench.plugin.versions import refuse_other_versions
from cnnbench.results.details import Predictions
from cnnbench.results.record import Epoch, Record, Status
from cnnbench.trials.trial import Trial

EPOCHS = 2
LONGEST = 600.0
"""Seconds after which a trial that hangs ends all the same."""
_STEP = 0.01
_OPENED: set[str] = set()
"""Folders of the works that are open in this process."""


@dataclass(frozen=True)
class StandIn(Work):
    """Plays what a trial's variant says, and notes in a folder what an executor made of it.

    "plain" runs two epochs; "waits" goes on after the first only when it is let go; "dies" then
    kills its process; "hangs" never ends; "lingers" stays until it has too much company or a second
    has passed; "fails" leaves a failed record.

    folder: of the notes, the same for all processes. refusal: why it can't be opened. seconds: that
    opening takes. patience: seconds to wait for being let go. pieces: how many trials
    are run as one.
    """

    folder: str = ""
    refusal: str = ""
    seconds: float = 0.0
    patience: float = 30.0
    pieces: int = 1

    def open(self, on_wait: Callable[[str], None] | None = None) -> None:  # noqa: ARG002 - at once
        """Open nothing, in the time that was asked for."""
        if self.folder in _OPENED:
            return
        refuse_other_versions(self.versions)
        if self.refusal:
            raise PluginError(self.refusal)
        time.sleep(self.seconds)
        _OPENED.add(self.folder)

    def __call__(
        self,
        trial: Trial,
        on_epoch: Callable[[Epoch], None] | None = None,
        images: CachedImages | None = None,
    ) -> Outcome:
        """Play the trial; what was wrong about its surroundings is its record's reason."""
        self.open()
        told = on_epoch or (lambda _: None)
        with self.notes.running(trial):
            told(epoch_of(1))
            reason = self._act(trial)
            told(epoch_of(2))
        return outcome_of(trial, self._surroundings(trial, images) or reason)

    def together(self, trials: Sequence[Trial]) -> list[tuple[Trial, ...]]:
        """As many as were asked for, in their order."""
        return [tuple(trials[at : at + self.pieces]) for at in range(0, len(trials), self.pieces)]

    def run(
        self, piece: Sequence[Trial], on_epoch: Callable[[Trial, Epoch], None]
    ) -> Iterator[Outcome]:
        """Several run epoch by epoch, and end in the opposite order; they only play "plain"."""
        if len(piece) == 1:
            yield from super().run(piece, on_epoch)
            return
        self.open()
        self.notes.put_together(piece)
        for number in range(EPOCHS):
            for trial in piece:
                on_epoch(trial, epoch_of(number + 1))
        for trial in reversed(piece):
            yield outcome_of(trial)

    def images(self, trial: Trial) -> CachedImages:
        """Small ones, by the trial's number."""
        return images_of(trial.replicate)

    def lost(
        self,
        trial: Trial,
        reason: str,
        *,
        timeout: bool = False,
        history: Sequence[Epoch] = (),
        started: float | None = None,
        output: str = "",
    ) -> Outcome:
        """As told."""
        status = Status.TIMEOUT if timeout else Status.FAILED
        record = record_of(trial, status, reason)
        update = {"epochs": len(history) or None, "started": started or 0.0}
        return Outcome(record.model_copy(update=update), tuple(history), failure=output)

    @property
    def notes(self) -> Notes:
        """What is known of all its trials."""
        return Notes(Path(self.folder))

    def _act(self, trial: Trial) -> str:
        """What goes wrong by itself, "" if nothing."""
        match trial.variant:
            case "waits" if not self.notes.wait_for_leave(trial, self.patience):
                return f"nobody heard of its first epoch or let it go on within {self.patience:g} s"
            case "dies":
                self.notes.wait_for_leave(trial, self.patience)
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
            case "hangs":
                time.sleep(LONGEST)
            case "lingers":
                self.notes.linger(trial, self.limits.slots)
            case "fails":
                return "it was to fail"
        return ""

    def _surroundings(self, trial: Trial, images: CachedImages | None) -> str:
        """What an executor did wrong about where it runs, "" if nothing."""
        for name, value in self.environment.items():
            if os.environ.get(name) != value:
                return f"{name} is {os.environ.get(name)!r} in its process, not {value!r}"
        if images is not None and digest_of(images) != trial.data:
            return "it was handed the images of another trial"
        return ""


class Notes:
    """Files by which the trials of a run and whoever watches them know of each other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def running(self, trial: Trial) -> Iterator[None]:
        """Be counted among those that run."""
        self._note("process", str(os.getpid()))
        self._note("running", trial.id)
        self._note_company(trial)
        yield
        (self._folder / "running" / trial.id).unlink()

    def linger(self, trial: Trial, most: int) -> None:
        """Stay until more than so many run at a time, or a second has passed."""
        until = time.monotonic() + 1.0
        while time.monotonic() < until and self._note_company(trial) <= most:
            time.sleep(_STEP)

    def let_go(self, trial: Trial) -> None:
        """Let a trial go on that waits."""
        self._note("leave", trial.id)

    def wait_for_leave(self, trial: Trial, seconds: float) -> bool:
        """Whether it was let go in that time."""
        until = time.monotonic() + seconds
        while not (self._folder / "leave" / trial.id).exists():
            if time.monotonic() > until:
                return False
            time.sleep(_STEP)
        return True

    def processes(self) -> list[int]:
        """Those that ran a trial."""
        return [int(name) for name in self._names("process")]

    def put_together(self, piece: Sequence[Trial]) -> None:
        """Note trials that are run as one."""
        self._note("piece", "-".join(trial.id for trial in piece))

    def pieces(self) -> list[list[str]]:
        """The ids of those that were run as one."""
        return [name.split("-") for name in self._names("piece")]

    def most_at_a_time(self) -> int:
        """Of trials."""
        return max((int(name) for name in self._names("company")), default=0)

    def _note_company(self, trial: Trial) -> int:
        count = len({trial.id, *self._names("running")})
        self._note("company", str(count))
        return count

    def _note(self, kind: str, name: str) -> None:
        (self._folder / kind).mkdir(parents=True, exist_ok=True)
        (self._folder / kind / name).touch()

    def _names(self, kind: str) -> list[str]:
        folder = self._folder / kind
        return [path.name for path in folder.iterdir()] if folder.exists() else []


def outcome_of(trial: Trial, reason: str = "") -> Outcome:
    """What the stand-in leaves of a trial."""
    numbers = np.random.default_rng(trial.replicate)
    predictions = numbers.random((5, 3), np.float32)
    return Outcome(
        record_of(trial, Status.FAILED if reason else Status.OK, reason),
        tuple(epoch_of(number + 1) for number in range(EPOCHS)),
        predictions=predictions / predictions.sum(axis=1, keepdims=True),
        rows=numbers.permutation(5).astype(np.int64),
        labels=numbers.integers(0, 3, 5).astype(np.int32),
        validation=Predictions(predictions[:2], np.arange(2), np.ones(2, np.int32)),
        weights={"dense_1/kernel": numbers.standard_normal((4, 3), np.float32)},
        environment={"stand-in": "1", "device": "cpu"},
        failure="Traceback of it\n" if reason else "",
    )


def record_of(trial: Trial, status: Status, reason: str) -> Record:
    """The record of it."""
    return Record(
        trial=trial.id,
        recipe=trial.recipe,
        variant=trial.variant,
        replicate=trial.replicate,
        backend=trial.backend,
        status=status,
        reason=reason,
        metrics={"test": {"accuracy": 1 / 3, "log_loss": float("nan")}},
        epochs=EPOCHS,
        environment="0123456789ab",
        started=1e9 + trial.replicate / 3,
    )


def epoch_of(number: int) -> Epoch:
    """An epoch, with numbers that no decimal writes out."""
    third = number / 3
    return Epoch(
        epoch=number, loss=third, penalty=0.0, accuracy=third, learning_rate=0.1, seconds=third
    )


def images_of(number: int) -> CachedImages:
    """Images that differ from those of other numbers."""
    pixels = np.full((4, 2, 2, 1), number % 256, np.uint8)
    blank = CachedImages(
        images=pixels,
        labels=np.arange(4, dtype=np.int32) % 2,
        classes=("a", "b"),
        fixed={},
        notes=(),
        digest="",
        synthetic=True,
    )
    return replace(blank, digest=digest_of(blank))
