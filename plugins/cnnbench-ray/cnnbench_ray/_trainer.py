"""What runs on a node: it opens the work in a thread, and does it on the trials it is given."""

from __future__ import annotations

import pickle
import platform
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import ray

from cnnbench.plugin import CachedImages, Epoch, Outcome, PluginError, Trial, Work, versions_here
from cnnbench_ray._logs import own_logs, tail


@dataclass(frozen=True, slots=True)
class Arrival:
    """What an actor says of itself first. host: of its machine. node: Ray's name of it.

    logs: the files there of what it prints.
    """

    host: str
    node: str
    versions: dict[str, str]
    logs: tuple[str, ...]


class Trainer:
    """An actor. What it says of a trial comes one by one, as bytes: first epochs, then an outcome.

    All work is done in one thread that lives as long as the actor, since frameworks keep numbers of
    threads for each; the actor's own hands on what that says.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._images: dict[str, CachedImages] = {}
        self._work: Work | None = None

    def arrive(self, names: Sequence[str]) -> Arrival:
        """Where it is, and the versions of these distributions there."""
        node = ray.get_runtime_context().get_node_id()
        return Arrival(platform.node(), node, versions_here(names), own_logs())

    def open(self, work: Work) -> str:
        """Open the backend; why that can't be, "" if it is open."""
        self._work = work
        try:
            self._thread.submit(work.open).result()
        except PluginError as error:
            return str(error)
        return ""

    def train(self, trial: Trial, images: Sequence[Any]) -> Iterator[bytes]:
        """Train a trial. images: a reference to them, in a list so that it is not followed."""
        said: SimpleQueue[Epoch | Outcome | BaseException] = SimpleQueue()
        self._thread.submit(self._train, trial, images, said)
        while not isinstance(message := said.get(), Outcome):
            if isinstance(message, BaseException):
                raise message
            yield pickle.dumps(message)
        sys.stdout.flush()
        yield pickle.dumps(message.with_output(tail(own_logs())) if message.failure else message)

    def _train(
        self,
        trial: Trial,
        images: Sequence[Any],
        said: SimpleQueue[Epoch | Outcome | BaseException],
    ) -> None:
        try:
            assert self._work is not None, "opened before it trains"
            said.put(self._work(trial, said.put, self._images_of(trial, images)))
        except BaseException as error:  # noqa: BLE001 - told by the other thread
            said.put(error)

    def _images_of(self, trial: Trial, images: Sequence[Any]) -> CachedImages:
        """Fetched once a digest: read-only views of the node's shared memory."""
        if trial.data not in self._images:
            (reference,) = images
            self._images[trial.data] = ray.get(reference)
        return self._images[trial.data]
