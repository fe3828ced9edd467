"""The state of one run: which slot has which trial, what is left, and what becomes of the dead."""

from __future__ import annotations

import logging
import pickle
import re
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError, RayTaskError

from cnnbench.plugin import (
    DataError,
    EpochEnded,
    Limits,
    Listener,
    Outcome,
    PluginError,
    Remark,
    Trial,
    TrialEnded,
    TrialStarted,
    Work,
    refuse_other_versions,
    versions_here,
)
from cnnbench_ray._cluster import living_nodes
from cnnbench_ray._slot import Slot, State, start

LOGGER = logging.getLogger("cnnbench.ray")

_STARTS = 3
"""A slot whose actor fails to start this often in a row is given up."""
_MOVES = 2
"""How often a trial is run again elsewhere when its node dies."""
_OPENING_LIMIT = 600.0
"""Seconds that opening a backend may take."""
_SLOW = 20.0
"""Seconds after which a user is told what is waited for."""
_TICK = 1.0
_SETTLING = 1.0
"""Seconds between the death of a process and the question whether its node is there."""
_COLORS = re.compile(r"\x1b\[[\d;]*m")
_OWN = ("cnnbench-ray", "ray")


class Pool:
    """Give trials to slots until each has an outcome; `close` ends all actors."""

    def __init__(
        self, trials: Sequence[Trial], limits: Limits, listener: Listener, work: Work
    ) -> None:
        self._limits = limits
        self._listener = listener
        self._work = work
        self._versions = {**versions_here(_OWN), **work.versions}
        self._waiting = deque(trials)
        self._slots: dict[int, Slot] = {}
        self._images: dict[str, Any] = {}
        self._failed_starts: Counter[int] = Counter()
        self._moves: Counter[str] = Counter()

    def outcomes(self) -> Iterator[Outcome]:
        """Of all trials, as they end. Raises PluginError where no slot comes up."""
        for number in range(min(self._limits.slots, len(self._waiting))):
            self._start(number)
        while self._waiting or any(slot.trial for slot in self._slots.values()):
            by_waited = {slot.waited: slot for slot in self._slots.values() if slot.waited}
            for waited in self._ready(list(by_waited)):
                yield from self._heard(by_waited[waited])
            yield from self._overdue()

    def close(self) -> None:
        """End what still runs."""
        for slot in self._slots.values():
            slot.kill()
        self._slots.clear()
        self._images.clear()

    def _ready(self, waited: list[Any]) -> list[Any]:
        try:
            ready, _ = ray.wait(waited, timeout=min(_TICK, self._limits.timeout or _TICK))
        except SystemError as error:  # how Ray's compiled code hands on what a signal raised
            raise error.__cause__ or error from None
        return list(ready)

    def _start(self, number: int) -> None:
        try:
            self._slots[number] = start(number, self._limits, self._work, [*self._versions])
        except PluginError as error:
            self._give_up(str(error))

    def _heard(self, slot: Slot) -> Iterator[Outcome]:
        try:
            said = slot.next()
        except RayTaskError as error:
            yield from self._failed(slot, error)
            return
        except (RayError, StopIteration) as error:
            yield from self._died(slot, error)
            return
        match slot.state:
            case State.ARRIVING:
                slot.arrival = said
                try:
                    refuse_other_versions(self._versions, said.versions, f"node {said.host}")
                except PluginError as error:
                    self._refused(slot, str(error))
                    return
                slot.open(self._work)
            case State.OPENING if said:
                self._refused(slot, said)
            case State.OPENING:
                LOGGER.info("actor %d is ready on %s", slot.number + 1, slot.host)
                self._failed_starts[slot.number] = 0
                yield from self._give(slot)
            case State.TRAINING:
                yield from self._told(slot, pickle.loads(said))  # noqa: S301 - of our own actor

    def _told(self, slot: Slot, said: Any) -> Iterator[Outcome]:
        assert slot.trial is not None, "it trains"
        if not isinstance(said, Outcome):
            slot.history.append(said)
            self._listener(EpochEnded(slot.trial, slot.number, said))
            return
        trial = slot.trial
        # First the next trial, so that the actor does not idle while this one is stored.
        yield from self._give(slot)
        yield said
        self._listener(TrialEnded(trial, slot.number, said))

    def _give(self, slot: Slot) -> Iterator[Outcome]:
        """Hand out the next trial; one whose images can't be read has its outcome at once."""
        slot.rest()
        while self._waiting and slot.trial is None:
            trial = self._waiting.popleft()
            try:
                images = self._images.get(trial.data) or ray.put(self._work.images(trial))
            except DataError as error:
                yield from self._lose(slot, trial, str(error))
                continue
            self._images[trial.data] = images
            slot.train(trial, [images])
            self._listener(TrialStarted(trial, slot.number))

    def _failed(self, slot: Slot, error: RayTaskError) -> Iterator[Outcome]:
        """The actor raised what it should not have, and lives."""
        reason = f"{type(error.cause).__name__}: {' '.join(str(error.cause).split())}"
        if slot.trial is None:
            self._refused(slot, reason)
            return
        trial = slot.trial
        crash = _COLORS.sub("", str(error))
        yield from self._lose(slot, trial, reason, output=f"{crash}\n\n{slot.output()}")
        yield from self._give(slot)

    def _died(self, slot: Slot, error: Exception) -> Iterator[Outcome]:
        words = _last_words(error)
        LOGGER.info("actor %d died: %s", slot.number + 1, words)
        del self._slots[slot.number]
        slot.kill()
        trial, node_died = slot.trial, self._node_died(slot, error)
        if node_died:
            self._listener(Remark(f"the node {slot.host} died; what it ran is run again elsewhere"))
        if trial is None:
            if not node_died:
                self._failed_starts[slot.number] += 1
            if self._failed_starts[slot.number] >= _STARTS:
                backend = self._work.backend
                self._give_up(f"actors for backend {backend} don't come up: {words}")
                return
        elif node_died and self._moves[trial.id] < _MOVES:
            self._moves[trial.id] += 1
            self._waiting.appendleft(trial)
        else:
            what = "node" if node_died else "worker process"
            output = "" if node_died else slot.output()
            reason = f"the {what} on {slot.host} died: {words}"
            yield from self._lose(slot, trial, reason, output=output)
        yield from self._refill(slot.number)

    def _refill(self, number: int) -> Iterator[Outcome]:
        """Give what waits to actors that rest: a new one might wait for the place of just these."""
        for slot in self._slots.values():
            if slot.state is State.IDLE:
                yield from self._give(slot)
        if self._waiting:
            self._start(number)

    def _node_died(self, slot: Slot, error: Exception) -> bool:
        """Whether it was the node: a process on it may die a moment before it."""
        if slot.arrival is None or not isinstance(error, RayActorError):
            return False
        if "its node has died" in str(error):
            return True
        time.sleep(_SETTLING)
        living = {node.identity: node for node in living_nodes()}
        node = living.get(slot.arrival.node)
        return node is None or not node.answers()

    def _refused(self, slot: Slot, reason: str) -> None:
        """Not tried again, as it would be the same; but what others train is not thrown away."""
        slot.kill()
        del self._slots[slot.number]
        self._give_up(reason)

    def _give_up(self, why: str) -> None:
        """Go on with one slot less. Raises PluginError if it was the last."""
        if not self._slots and self._waiting:
            raise PluginError(why)
        self._listener(Remark(f"one worker less, as {why}"))

    def _overdue(self) -> Iterator[Outcome]:
        allowed = self._limits.timeout
        for slot in list(self._slots.values()):
            if slot.state is State.TRAINING and allowed is not None and slot.waits() >= allowed:
                yield from self._ended_late(slot, allowed)
            elif slot.state is State.OPENING and slot.waits() >= _OPENING_LIMIT:
                limit = f"{_OPENING_LIMIT:g} s"
                self._refused(slot, f"backend {self._work.backend} was not open after {limit}")
            elif slot.trial is None and slot.waited and slot.waits() >= _SLOW and not slot.told:
                slot.told = True
                what = {
                    State.ARRIVING: f"a place with {self._limits.threads} free CPUs in the cluster",
                    State.OPENING: f"backend {self._work.backend}, which is being opened",
                }[slot.state]
                self._listener(Remark(f"worker {slot.number + 1} waits for {what}"))

    def _ended_late(self, slot: Slot, allowed: float) -> Iterator[Outcome]:
        assert slot.trial is not None, "it trains"
        slot.kill()
        del self._slots[slot.number]
        reason = f"took longer than {allowed:g} s"
        yield from self._lose(slot, slot.trial, reason, timeout=True, output=slot.output())
        yield from self._refill(slot.number)

    def _lose(
        self, slot: Slot, trial: Trial, reason: str, *, timeout: bool = False, output: str = ""
    ) -> Iterator[Outcome]:
        known = slot.trial is trial
        outcome = self._work.lost(
            trial,
            reason,
            timeout=timeout,
            history=slot.history if known else (),
            started=slot.started if known else None,
            output=output,
        )
        yield outcome
        self._listener(TrialEnded(trial, slot.number, outcome))


def _last_words(error: Exception) -> str:
    """The one sentence of Ray's page on a death that says how."""
    text = " ".join(str(error).split())
    found = re.search(r"Worker exit detail: (.*?)(?:\. Some common causes|$)", text)
    return (found[1] if found else text).rstrip(".")[:300]
