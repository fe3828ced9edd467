"""Energy from counters: trees as Linux shows them, and an NVML as nvidia-ml-py gives it."""
# ruff: noqa: N802 - names as in pynvml

import sys
from types import SimpleNamespace

import pytest

from cnnbench.results.record import Beside
from cnnbench.training import meter as meters
from cnnbench.training.meter import Meter
from cnnbench.training.nvidia import find_gpu
from cnnbench.training.rapl import zones

ALONE = Beside(slots=1, threads=1, exclusive=False)
SPAN = 262_143_328_850
"""Microjoules, as on many a Xeon."""


def zone(root, folder, name, energy, span=SPAN):
    place = root / folder
    place.mkdir(parents=True)
    (place / "name").write_text(f"{name}\n")
    (place / "energy_uj").write_text(f"{energy}\n")
    (place / "max_energy_range_uj").write_text(f"{span}\n")
    return place / "energy_uj"


@pytest.fixture
def powercap(tmp_path):
    """Two sockets with memory; cores and the platform, which are counted in others already."""
    root = tmp_path / "powercap"
    (root / "intel-rapl").mkdir(parents=True)
    return root, {
        "package-0": zone(root, "intel-rapl:0", "package-0", 1_000_000),
        "core": zone(root, "intel-rapl:0/intel-rapl:0:0", "core", 1_000_000),
        "dram-0": zone(root, "intel-rapl:0/intel-rapl:0:1", "dram", 1_000_000),
        "package-1": zone(root, "intel-rapl:1", "package-1", 1_000_000),
        "psys": zone(root, "intel-rapl:2", "psys", 1_000_000),
        "mmio": zone(root, "intel-rapl-mmio:0", "package-0", 1_000_000),
    }


def show(file, text):
    """At once, as the kernel does: whoever reads in between gets the old number."""
    fresh = file.with_suffix(".new")
    fresh.write_text(f"{text}\n")
    fresh.replace(file)


def rise(file, joules):
    show(file, int(file.read_text()) + int(joules * 1e6))


def test_packages_and_their_memory_are_added_up_and_nothing_twice(powercap):
    root, files = powercap
    with Meter(ALONE, gpu=False, powercap=root) as meter:
        for number, file in enumerate(files.values()):
            rise(file, 10**number)
    assert meter.costs == {"energy": pytest.approx(1 + 100 + 1000)}
    assert not meter.unmeasured


def test_a_counter_that_came_round_counts_on(tmp_path):
    file = zone(tmp_path, "intel-rapl:0", "package-0", SPAN - 3_000_000)
    [found] = zones(tmp_path)
    show(file, 4_000_000)
    assert found.spent() == pytest.approx(7)
    assert found.spent() == 0


def test_a_long_trial_is_read_before_a_counter_comes_round_twice(tmp_path, monkeypatch):
    """Two rises of three quarters of the span each, seen one by one."""
    span = 4_000_000
    file = zone(tmp_path, "intel-rapl:0", "package-0", 0, span)
    monkeypatch.setattr(meters, "_INTERVAL", 0.001)
    with Meter(ALONE, gpu=False, powercap=tmp_path) as meter:
        for value in (3_000_000, 2_000_000):
            show(file, value)
            seen = meter._zones[0]
            while seen.last != value:
                pass
    assert meter.costs == {"energy": pytest.approx(6)}


def test_without_counters_there_is_a_reason_and_no_figure(tmp_path):
    with Meter(ALONE, gpu=False, powercap=tmp_path / "none") as meter:
        pass
    assert meter.costs == {}
    assert "no counter of a processor's energy (RAPL)" in meter.unmeasured["energy"]


def test_a_counter_for_root_alone_is_a_reason(powercap, monkeypatch):
    root, files = powercap
    read = type(root).read_text

    def refuse(self, *args, **options):
        if self == files["package-0"]:
            raise PermissionError(13, "Permission denied")
        return read(self, *args, **options)

    monkeypatch.setattr(type(root), "read_text", refuse)
    with Meter(ALONE, gpu=False, powercap=root) as meter:
        pass
    assert meter.costs == {}
    assert "intel-rapl:0/energy_uj may be read by root alone" in meter.unmeasured["energy"]


def test_a_counter_that_goes_takes_its_figure_along(powercap):
    root, files = powercap
    with Meter(ALONE, gpu=False, powercap=root) as meter:
        show(files["package-1"], "")
    assert meter.costs == {}
    assert "energy_uj holds no number" in meter.unmeasured["energy"]


@pytest.mark.parametrize(
    ("beside", "measured"),
    [
        (Beside(slots=4, threads=1, exclusive=False), False),
        (Beside(slots=4, threads=1, exclusive=True), True),
    ],
)
def test_the_machine_is_the_trials_where_it_has_it_alone(powercap, beside, measured):
    root, files = powercap
    with Meter(beside, gpu=False, powercap=root) as meter:
        rise(files["package-0"], 5)
    assert meter.costs == ({"energy": pytest.approx(5)} if measured else {})
    assert meter.unmeasured == ({} if measured else {"energy": "4 trials ran at a time"})


class NVMLError(Exception):
    """As pynvml's."""


class FakeNvml:
    """GPUs as pynvml has them; spent and busy: what they show when asked next."""

    NVMLError = NVMLError

    def __init__(self, names=("NVIDIA A",), uuids=("GPU-aa",), counts=True):
        self.names, self.uuids, self.counts = names, uuids, counts
        self.spent = dict.fromkeys(range(len(names)), 50_000)
        self.busy = 25
        self.opened = 0

    def nvmlInit(self):
        self.opened += 1

    def nvmlDeviceGetCount(self):
        return len(self.names)

    def nvmlDeviceGetHandleByIndex(self, at):
        return at

    def nvmlDeviceGetName(self, at):
        return self.names[at]

    def nvmlDeviceGetUUID(self, at):
        return self.uuids[at]

    def nvmlDeviceGetTotalEnergyConsumption(self, at):
        if not self.counts:
            raise NVMLError("Not Supported")
        return self.spent[at]

    def nvmlDeviceGetUtilizationRates(self, at):
        return SimpleNamespace(gpu=self.busy, memory=1)


@pytest.fixture
def nvml(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def install(*args, **options):
        fake = FakeNvml(*args, **options)
        monkeypatch.setitem(sys.modules, "pynvml", fake)
        return fake

    return install


def test_a_gpu_counts_beside_the_processors(powercap, nvml):
    root, files = powercap
    fake = nvml()
    with Meter(ALONE, gpu=True, powercap=root) as meter:
        rise(files["package-0"], 5)
        fake.spent[0] += 7_500
    assert meter.costs == {
        "energy": pytest.approx(12.5),
        "device_energy": pytest.approx(7.5),
        "device_utilization": pytest.approx(0.25),
    }
    assert not meter.unmeasured


def test_nvml_is_opened_once_for_all_trials_of_a_process(powercap, nvml):
    fake = nvml()
    for _ in range(3):
        with Meter(ALONE, gpu=True, powercap=powercap[0]) as meter:
            fake.spent[0] += 1_000
        assert meter.costs["device_energy"] == pytest.approx(1)
    assert fake.opened == 1


def test_the_gpu_alone_is_no_energy_of_all(tmp_path, nvml):
    fake = nvml()
    with Meter(ALONE, gpu=True, powercap=tmp_path) as meter:
        fake.spent[0] += 1_000
    assert set(meter.costs) == {"device_energy", "device_utilization"}
    assert "RAPL" in meter.unmeasured["energy"]


def test_an_old_gpu_tells_its_use_no_more_than_its_energy(powercap, nvml):
    nvml(counts=False)
    with Meter(ALONE, gpu=True, powercap=powercap[0]) as meter:
        pass
    assert meter.costs == {}
    assert set(meter.unmeasured) == {"energy", "device_energy", "device_utilization"}
    assert "NVML counts no energy on this GPU: Not Supported" in meter.unmeasured["energy"]


def test_without_nvml_the_package_to_install_is_named(powercap, monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with Meter(ALONE, gpu=True, powercap=powercap[0]) as meter:
        pass
    assert meter.costs == {}
    assert "nvidia-ml-py is not installed" in meter.unmeasured["device_energy"]


TWO = (("NVIDIA A", "NVIDIA A"), ("GPU-aa-1", "GPU-bb-2"))
OTHERS = (("NVIDIA A", "NVIDIA B"), ("GPU-aa-1", "GPU-bb-2"))


@pytest.mark.parametrize(
    ("gpus", "environment", "chosen"),
    [
        (TWO, {}, 0),
        (TWO, {"CUDA_VISIBLE_DEVICES": "1"}, 1),
        (TWO, {"CUDA_VISIBLE_DEVICES": "GPU-bb,GPU-aa"}, 1),
        (OTHERS, {"CUDA_VISIBLE_DEVICES": "GPU-bb-2"}, 1),
        (OTHERS, {"CUDA_VISIBLE_DEVICES": "1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, 1),
        (OTHERS, {"CUDA_VISIBLE_DEVICES": "1"}, None),
        (TWO, {"CUDA_VISIBLE_DEVICES": "7"}, None),
        (TWO, {"CUDA_VISIBLE_DEVICES": "MIG-aa-1"}, None),
    ],
)
def test_the_gpu_is_the_first_that_cuda_shows_or_none(nvml, gpus, environment, chosen):
    fake = nvml(*gpus)
    if chosen is None:
        with pytest.raises(OSError, match="which of the GPUs computes can't be told"):
            find_gpu(environment)
        return
    gpu = find_gpu(environment)
    fake.spent[chosen] += 2_000
    assert gpu.spent() == pytest.approx(2)
