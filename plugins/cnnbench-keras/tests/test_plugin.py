from __future__ import annotations

import subprocess
import sys

import pytest

from cnnbench.plugin import PluginError
from cnnbench.testing import load_plugins, machine_without
from cnnbench_keras._backends import JaxBackend, TensorflowBackend, TorchBackend

BACKENDS = (TorchBackend, TensorflowBackend, JaxBackend)


class NotInstalled(TorchBackend):
    name = "lasagne"
    distributions = ("lasagne",)


def python(code):
    """What a fresh process prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_its_backends_and_its_source_are_found_by_the_entry_point():
    plugins = load_plugins()
    for kind in BACKENDS:
        backend = plugins.backend(kind.name)
        assert isinstance(backend, kind)
        assert plugins.distribution_of(backend).distribution == "cnnbench-keras"
    assert plugins.source("keras").name == "keras"


def test_finding_and_checking_imports_neither_keras_nor_a_framework():
    assert (
        python(
            "import sys\n"
            "from cnnbench.testing import load_plugins\n"
            "plugins = load_plugins()\n"
            "for name in ('torch', 'tensorflow', 'jax'):\n"
            "    plugins.backend(name).check()\n"
            "    plugins.backend(name).environment('cpu', 2)\n"
            "plugins.source('keras')\n"
            "print({'keras', 'torch', 'tensorflow', 'jax'} & set(sys.modules))\n"
        )
        == "set()"
    )


@pytest.mark.parametrize("kind", BACKENDS)
def test_what_is_installed_is_named_with_its_version(kind):
    answer = kind().check()
    if not answer.available:
        pytest.skip(answer.reason)
    assert "keras" in answer.versions
    assert set(answer.versions) & set(kind.distributions)
    assert "cpu" in answer.devices


def test_a_framework_that_is_missing_is_named_with_the_line_that_installs_it():
    answer = NotInstalled().check()
    assert not answer.available
    assert answer.reason == "lasagne is not installed"
    assert answer.install == 'pip install "cnnbench-keras[lasagne]"'
    with pytest.raises(PluginError, match=r'pip install "cnnbench-keras\[lasagne\]"'):
        NotInstalled().open("cpu", 1)


@pytest.mark.parametrize("kind", BACKENDS)
def test_a_worker_is_told_its_framework_its_threads_and_to_leave_the_gpu_alone(kind):
    environment = kind().environment("cpu", 3)
    assert environment["KERAS_BACKEND"] == kind.name
    assert environment["OMP_NUM_THREADS"] == "3"
    assert environment["CUDA_VISIBLE_DEVICES"] == ""
    assert "CUDA_VISIBLE_DEVICES" not in kind().environment("gpu", 3)


def test_flags_that_the_user_gives_xla_are_kept(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=false")
    flags = JaxBackend().environment("cpu", 1)["XLA_FLAGS"].split()
    assert flags == ["--xla_cpu_enable_fast_math=false", "--xla_cpu_multi_thread_eigen=false"]


@pytest.mark.parametrize("kind", BACKENDS)
def test_a_gpu_that_is_not_there_is_refused_in_a_sentence(kind):
    if not kind().check().available:
        pytest.skip("not installed")
    refused = pytest.raises(PluginError, match=f"backend {kind.name} finds no GPU here: use device")
    with machine_without(gpu=True), refused:
        kind().open("gpu", 1)


def test_a_process_that_runs_keras_on_another_framework_says_so():
    if not (TorchBackend().check().available and JaxBackend().check().available):
        pytest.skip("needs two frameworks")
    assert (
        python(
            "from cnnbench.plugin import PluginError\n"
            "from cnnbench.testing import load_plugins\n"
            "plugins = load_plugins()\n"
            "plugins.backend('torch').open('cpu', 1)\n"
            "try:\n"
            "    plugins.backend('jax').open('cpu', 1)\n"
            "except PluginError as error:\n"
            "    print(error)\n"
        )
        == "this process already runs Keras on torch, and Keras can't change to jax: "
        "open it in another process (the default executor does)"
    )


def test_tensorflow_can_be_opened_again_but_not_with_other_threads():
    if not TensorflowBackend().check().available:
        pytest.skip("not installed")
    assert (
        python(
            "from cnnbench.plugin import PluginError\n"
            "from cnnbench.testing import load_plugins\n"
            "backend = load_plugins().backend('tensorflow')\n"
            "import tensorflow\n"
            "for threads in (1, 1, 2):\n"
            "    try:\n"
            "        backend.open('cpu', threads)\n"
            "        tensorflow.constant(1.0)\n"
            "        print('opened', end='; ')\n"
            "    except PluginError as error:\n"
            "        print(error)\n"
        )
        == "opened; opened; TensorFlow already runs in this process with other threads or "
        "devices, and can't change them: open the backend in another process (the default "
        "executor does)"
    )
