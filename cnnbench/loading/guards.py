"""Things of plugins as the rest of cnnbench gets them: what goes wrong in one is said of it.

A user who reads a traceback can't tell a plugin's bug from one of cnnbench.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cnnbench.data.sources.delivered import checked_facts, checked_images, checked_sentences
from cnnbench.data.sources.source import DataSource, Facts, ImageData, Request
from cnnbench.errors import CnnbenchError, DataError, NetworkError, PluginError
from cnnbench.loading.foreign import foreign, shown
from cnnbench.loading.found import BASE
from cnnbench.network.cut import MAP
from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Availability
from cnnbench.plugin.base import PretrainedBase
from cnnbench.plugin.executor import Executor, Limits, Listener, Outcome, Work
from cnnbench.plugin.exporter import Exporter
from cnnbench.plugin.report_format import ReportFormat
from cnnbench.results.record import Record
from cnnbench.trials.trial import Trial

_END = object()


def guarded(thing: Any, origin: object) -> Any:
    """The thing behind a guard of its kind, where there is one; `origin` is named in errors."""
    match thing:
        case DataSource():
            return GuardedSource(thing, f"source {thing.name!r} of {origin}")
        case Executor():
            return GuardedExecutor(thing, f"executor {thing.name!r} of {origin}")
        case PretrainedBase():
            return GuardedBase(thing, f"base {thing.name!r} of {origin}")
        case Exporter():
            return GuardedExporter(thing, f"exporter {thing.name!r} of {origin}")
        case ReportFormat():
            who = f"report format {thing.name!r} of {origin}"
            return replace(thing, render=_guarded_render(thing.render, who))
        case _:
            return thing


class GuardedSource(DataSource):
    """A source whose every answer is checked. Raises DataError alone."""

    def __init__(self, source: DataSource, who: str) -> None:
        self._source = source
        self._who = who
        for name in ("name", "argument", "description", "synthetic"):
            vars(self)[name] = getattr(source, name)

    def facts(self, request: Request) -> Facts:
        """What the source says of itself, checked."""
        with foreign(self._blame, CnnbenchError, place=True):
            facts = self._source.facts(request)
        return checked_facts(facts, self._who)

    def fingerprint(self, request: Request) -> str:
        """The source's own."""
        with foreign(self._blame, CnnbenchError, place=True):
            fingerprint = self._source.fingerprint(request)
        if not isinstance(fingerprint, str):
            kind = type(fingerprint).__name__
            raise DataError(f"{self._who} has a fingerprint of type {kind}, not a text", "source")
        return fingerprint

    def load(self, request: Request) -> ImageData:
        """The source's images, checked against its facts."""
        with foreign(self._blame, CnnbenchError, place=True):
            data = self._source.load(request)
        return checked_images(data, self.facts(request), self._who)

    def oddities(self, request: Request) -> tuple[str, ...]:
        """The source's own sentences, checked."""
        with foreign(self._blame, CnnbenchError, place=True):
            oddities = self._source.oddities(request)
        return checked_sentences(oddities, "oddities", self._who)

    def _blame(self, text: str) -> DataError:
        return DataError(f"{self._who} failed: {text}", "source")


class GuardedExecutor(Executor):
    """An executor that is held to one outcome for each trial. Raises PluginError."""

    def __init__(self, executor: Executor, who: str) -> None:
        self._executor = executor
        self._who = who
        for name in ("name", "argument", "description", "in_process", "stacks"):
            vars(self)[name] = getattr(executor, name)

    def at(self, argument: str) -> Executor:
        """The executor for an argument, behind the same guard. Raises PluginError."""
        with foreign(self._blame, CnnbenchError, place=True):
            found = self._executor.at(argument)
        if not isinstance(found, Executor):
            raise PluginError(f"{self._who} gave {shown(found)} for {argument!r}, not an Executor")
        return GuardedExecutor(found, self._who)

    @contextmanager
    def session(self) -> Iterator[Executor]:
        """The executor's own, behind the same guard. Raises PluginError."""
        with ExitStack() as stack:
            with foreign(self._blame, CnnbenchError, place=True):
                found = stack.enter_context(self._executor.session())
            if not isinstance(found, Executor):
                raise PluginError(f"{self._who} has a session of {shown(found)}, not an Executor")
            yield GuardedExecutor(found, self._who)

    def slots(self) -> int | None:
        """The executor's own. Raises PluginError for what is no number of trials."""
        return self._checked(self._executor.slots)

    def gpu_slots(self) -> int | None:
        """The same for those of GPUs."""
        return self._checked(self._executor.gpu_slots)

    def _checked(self, count: Callable[[], int | None]) -> int | None:
        with foreign(self._blame, CnnbenchError, place=True):
            slots = count()
        if slots is not None and (not isinstance(slots, int) or slots < 1):
            raise PluginError(f"{self._who} has {shown(slots)} slots, not at least 1 or None")
        return slots

    def run(
        self, trials: Sequence[Trial], limits: Limits, listener: Listener, work: Work
    ) -> Generator[Outcome]:
        """The executor's outcomes, each checked; complains at the end if any is missing."""
        with foreign(self._blame, CnnbenchError, place=True):
            outcomes = self._executor.run(trials, limits, listener, work)
        if not isinstance(outcomes, Iterable):
            raise PluginError(f"{self._who} returned {shown(outcomes)}, not an iterator")
        waiting = [trial.id for trial in trials]
        steps = iter(outcomes)
        try:
            while (outcome := self._next(steps)) is not None:
                if outcome.record.trial not in waiting:
                    raise PluginError(
                        f"{self._who} yielded an outcome of trial {outcome.record.trial}, which it "
                        "was not given or had ended already"
                    )
                waiting.remove(outcome.record.trial)
                yield outcome
        finally:
            if isinstance(steps, Generator):
                with foreign(self._blame, CnnbenchError, place=True):
                    steps.close()
        if waiting:
            raise PluginError(
                f"{self._who} left {len(waiting)} of {len(trials)} trials without an outcome; "
                "run again with --executor local"
            )

    def _next(self, outcomes: Iterator[object]) -> Outcome | None:
        """The next outcome, None after the last."""
        with foreign(self._blame, CnnbenchError, place=True):
            outcome = next(outcomes, _END)
        if outcome is _END:
            return None
        if not isinstance(outcome, Outcome) or not isinstance(outcome.record, Record):
            raise PluginError(f"{self._who} yielded {shown(outcome)}, not an Outcome with a Record")
        return outcome

    def _blame(self, text: str) -> PluginError:
        return PluginError(f"{self._who} failed: {text}")


class GuardedBase(PretrainedBase):
    """A base whose network and arrays are checked. Raises NetworkError and PluginError alone."""

    def __init__(self, base: PretrainedBase, who: str) -> None:
        self._base = base
        self._who = who
        for attribute in BASE.attributes:
            vars(self)[attribute.name] = getattr(base, attribute.name)

    def check(self) -> Availability:
        """The base's own."""
        return self._base.check()

    def network(self, input_shape: tuple[int, int, int]) -> Network:
        """The base's own, which has to end in a map of features."""
        with foreign(self._blame, NetworkError, place=True):
            network = self._base.network(input_shape)
        if not isinstance(network, Network):
            raise PluginError(f"{self._who} has a network that is {shown(network)}, not a Network")
        last = network.nodes()[-1].shape
        if network.output != "features" or network.input_shape != input_shape or len(last) != MAP:
            raise PluginError(
                f"{self._who} has a network for {network.input_shape} with output "
                f"{network.output!r} of the shape {last}, not one for {input_shape} with output "
                '"features" that ends in a map'
            )
        names = [name for name, _ in network.named_layers()]
        if self.points != tuple(name for name in names if name in self.points):
            raise PluginError(
                f"{self._who} has the points {', '.join(self.points)}, which are not names of "
                f"layers of its network, each once and from the first on: {', '.join(names)}"
            )
        return network

    def weights(self) -> Weights:
        """The base's own, as arrays by name in float32."""
        with foreign(self._blame, PluginError, place=True):
            weights = {
                str(name): np.asarray(array, np.float32)
                for name, array in self._base.weights().items()
            }
        for name, array in weights.items():
            if not np.isfinite(array).all():
                raise PluginError(f"{self._who} has numbers in {name} that are not finite")
        return weights

    def _blame(self, text: str) -> PluginError:
        return PluginError(f"{self._who} failed: {text}")


class GuardedExporter(Exporter):
    """An exporter that is held to one file. Raises PluginError."""

    def __init__(self, exporter: Exporter, who: str) -> None:
        self._exporter = exporter
        self._who = who
        for name in ("name", "description"):
            vars(self)[name] = getattr(exporter, name)

    def check(self) -> Availability:
        """The exporter's own."""
        return self._exporter.check()

    def export(self, network: Network, weights: Weights, path: Path) -> None:
        """Write the file; complains where there is none then."""
        with foreign(self._blame, CnnbenchError, place=True):
            self._exporter.export(network, weights, path)
        if not path.is_file():
            raise PluginError(f"{self._who} left no file")

    def _blame(self, text: str) -> PluginError:
        return PluginError(f"{self._who} failed: {text}")


def _guarded_render(render: Callable[[Any], object], who: str) -> Callable[[Any], str]:
    def guarded_render(comparison: Any) -> str:
        with foreign(lambda text: PluginError(f"{who} failed: {text}"), CnnbenchError, place=True):
            text = render(comparison)
        if not isinstance(text, str):
            raise PluginError(f"{who} returned {shown(text)}, not a text")
        return text

    return guarded_render
