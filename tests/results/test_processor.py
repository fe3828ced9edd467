from __future__ import annotations

from cnnbench.results.environment import machine_environment
from cnnbench.results.processor import Processor, of_cpuinfo, of_sysctl, this_processor

X86 = """processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 143
model name\t: Some Xeon
stepping\t: 8
flags\t\t: fpu sse2 avx fma avx2 avx512f amx_tile amx_bf16 arch_capabilities

processor\t: 1
vendor_id\t: GenuineIntel
cpu family\t: 99
"""
ARM = """processor\t: 0
BogoMIPS\t: 50.00
Features\t: fp asimd sve i8mm bf16
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x1
CPU part\t: 0xd40
CPU revision\t: 1
"""
APPLE = """machdep.cpu.cores_per_package: 8
machdep.cpu.brand_string: Apple M2
hw.optional.neon: 1
hw.optional.arm.FEAT_BF16: 1
hw.optional.arm.FEAT_SME: 0
hw.optional.floatingpoint: 1
"""
INTEL_MAC = """machdep.cpu.vendor: GenuineIntel
machdep.cpu.brand_string: Some Core
machdep.cpu.family: 6
machdep.cpu.model: 158
machdep.cpu.stepping: 13
machdep.cpu.features: FPU SSE4.2 AVX1.0 FMA
machdep.cpu.leaf7_features: BMI1 AVX2
"""


def test_the_first_processor_of_linux_speaks_for_all():
    identity = "GenuineIntel, family 6, model 143, stepping 8"
    assert of_cpuinfo(X86) == Processor(
        "Some Xeon", identity, "avx avx2 fma avx512f amx_tile amx_bf16"
    )


def test_processors_of_other_makers_tell_other_numbers():
    identity = "implementer 0x41, variant 0x1, part 0xd40, revision 1"
    assert of_cpuinfo(ARM) == Processor("", identity, "asimd bf16 i8mm sve")


def test_macos_is_asked_in_its_own_words():
    assert of_sysctl(APPLE) == Processor("Apple M2", "", "asimd bf16")
    identity = "GenuineIntel, family 6, model 158, stepping 13"
    assert of_sysctl(INTEL_MAC) == Processor("Some Core", identity, "avx avx2 fma")


def test_a_system_that_tells_nothing_leaves_nothing():
    assert of_cpuinfo("") == of_sysctl("") == Processor("", "", "")


def test_the_environment_tells_processors_of_one_name_apart():
    environment = machine_environment()
    processor = this_processor()
    assert environment["cpu"] == processor.name != ""
    assert environment["processor"] == processor.identity
    assert environment["instructions"] == processor.instructions
