"""What a trial takes of the machine: energy, and use of the GPU, read while it runs."""

from __future__ import annotations

import threading
from pathlib import Path
from statistics import fmean
from typing import Self

from cnnbench.results.record import Beside
from cnnbench.training.nvidia import Gpu, find_gpu
from cnnbench.training.rapl import POWERCAP, Zone, zones

_INTERVAL = 1.0
"""Seconds between readings: no counter of joules comes round in less than a minute."""
NAMES = ("energy", "device_energy", "device_utilization")
"""Costs that are measured here."""


class Meter:
    """Reads the machine's counters between enter and exit.

    costs: by name, joules and the share of time in which the GPU computed. unmeasured: by name, why
    there is no such cost. Counters are of the machine, so that they tell what a trial took where no
    other of the run is beside it.
    """

    def __init__(self, beside: Beside, *, gpu: bool, powercap: Path = POWERCAP) -> None:
        """gpu: whether a GPU computes."""
        self._beside, self._on_gpu, self._powercap = beside, gpu, powercap
        self._zones: list[Zone] = []
        self._gpu: Gpu | None = None
        self._joules = self._gpu_joules = 0.0
        self._utilization: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="cnnbench-meter", daemon=True)
        self.unmeasured: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._open()
        if self._zones or self._gpu:
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._thread.ident is not None:
            self._ended.set()
            self._thread.join()

    @property
    def costs(self) -> dict[str, float]:
        """Those that could be measured, once it has ended."""
        found = {"energy": self._joules + self._gpu_joules}
        if self._on_gpu:
            found["device_energy"] = self._gpu_joules
            if self._utilization:
                found["device_utilization"] = fmean(self._utilization)
        return {name: value for name, value in found.items() if name not in self.unmeasured}

    def _open(self) -> None:
        if others := self._others():
            self._give_up(others, *self._of_gpu, "energy")
            return
        try:
            if self._on_gpu:
                self._gpu = find_gpu()
        except OSError as error:
            self._give_up(str(error), *self._of_gpu, "energy")
        try:
            self._zones = zones(self._powercap)
        except OSError as error:
            self._give_up(str(error), "energy")

    def _others(self) -> str:
        """Who is beside it, "" for nobody."""
        beside = self._beside
        if beside.stack > 1:
            return f"{beside.stack} replicates were trained as one"
        shared = beside.slots > 1 and not beside.exclusive
        return f"{beside.slots} trials ran at a time" if shared else ""

    @property
    def _of_gpu(self) -> tuple[str, ...]:
        return NAMES[1:] if self._on_gpu else ()

    def _give_up(self, why: str, *names: str) -> None:
        self.unmeasured = {**dict.fromkeys(names, why), **self.unmeasured}

    def _watch(self) -> None:
        """Read now and then, and a last time at the end."""
        while not self._ended.wait(_INTERVAL):
            self._read()
        self._read()

    def _read(self) -> None:
        """Add up; a counter that is gone takes its cost with it."""
        try:
            self._joules += sum(zone.spent() for zone in self._zones)
        except OSError as error:
            self._zones = []
            self._give_up(str(error), "energy")
        if not self._gpu:
            return
        try:
            self._gpu_joules += self._gpu.spent()
        except OSError as error:
            self._give_up(str(error), "device_energy", "energy")
        try:
            self._utilization.append(self._gpu.utilization())
        except OSError as error:
            self._give_up(str(error), "device_utilization")
