"""Which processor this is: what its arithmetic rounds like in the last bits depends on it."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Instruction sets that libraries choose their kernels by: on x86 and, from asimd on, on ARM.
_KERNELS = (
    "avx",
    "avx2",
    "fma",
    "avx_vnni",
    "avx512f",
    "avx512bw",
    "avx512dq",
    "avx512vl",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "amx_int8",
    "amx_bf16",
    "amx_fp16",
    "asimd",
    "asimdhp",
    "asimddp",
    "bf16",
    "i8mm",
    "sve",
    "sve2",
    "sme",
    "sme2",
)
_OF_MACOS = {
    "avx1.0": "avx",
    "neon": "asimd",
    "feat_bf16": "bf16",
    "feat_dotprod": "asimddp",
    "feat_fp16": "asimdhp",
    "feat_i8mm": "i8mm",
    "feat_sme": "sme",
    "feat_sme2": "sme2",
}


@dataclass(frozen=True, slots=True)
class Processor:
    """name: as its maker calls it, or a hypervisor; identity: family, model, stepping.

    instructions: the sets that kernels are chosen by, in a fixed order; "" where none is known.
    """

    name: str
    identity: str
    instructions: str


@cache
def this_processor() -> Processor:
    """As the system tells; what it does not tell is the architecture's name, or ""."""
    try:
        if platform.system() == "Darwin":
            command = ["/usr/sbin/sysctl", "machdep.cpu", "hw.optional"]
            told = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - a fixed command
            found = of_sysctl(told)
        else:
            text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
            found = of_cpuinfo(text)
    except OSError:
        found = Processor("", "", "")
    return Processor(
        found.name or platform.processor() or platform.machine(),
        found.identity or platform.processor(),  # on Windows: family, model, stepping
        found.instructions,
    )


def of_cpuinfo(text: str) -> Processor:
    """From Linux's /proc/cpuinfo, whose first processor speaks for all."""
    facts = _facts(text.strip().split("\n\n")[0])
    identity = _listed(
        facts,
        {
            "vendor_id": "",
            "cpu family": "family",
            "model": "model",
            "stepping": "stepping",
            "CPU implementer": "implementer",
            "CPU variant": "variant",
            "CPU part": "part",
            "CPU revision": "revision",
        },
    )
    flags = f"{facts.get('flags', '')} {facts.get('Features', '')}"
    return Processor(facts.get("model name", ""), identity, _kernels(flags))


def of_sysctl(text: str) -> Processor:
    """From macOS's `sysctl machdep.cpu hw.optional`."""
    facts = _facts(text)
    names = {"vendor": "", "family": "family", "model": "model", "stepping": "stepping"}
    identity = _listed(facts, {f"machdep.cpu.{key}": name for key, name in names.items()})
    features = [facts.get(f"machdep.cpu.{key}", "") for key in ("features", "leaf7_features")]
    features += [
        key.rpartition(".")[2]
        for key, value in facts.items()
        if key.startswith("hw.optional.") and value == "1"
    ]
    words = " ".join(features).lower().split()
    instructions = _kernels(" ".join(_OF_MACOS.get(word, word) for word in words))
    return Processor(facts.get("machdep.cpu.brand_string", ""), identity, instructions)


def _facts(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _listed(facts: Mapping[str, str], names: Mapping[str, str]) -> str:
    """The words AuthenticAMD, family 25, model 1, stepping 1: what is known of it."""
    return ", ".join(f"{name} {facts[key]}".strip() for key, name in names.items() if key in facts)


def _kernels(flags: str) -> str:
    present = set(flags.split())
    return " ".join(name for name in _KERNELS if name in present)
