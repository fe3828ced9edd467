import subprocess
import sys

import pytest

from cnnbench.plugin import PluginError
from cnnbench.testing import load_plugins, machine_without
from cnnbench_torch_native import TorchNative


def test_it_is_found_by_its_entry_point():
    plugins = load_plugins()
    backend = plugins.backend("torch-native")
    assert isinstance(backend, TorchNative)
    assert plugins.distribution_of(backend).distribution == "cnnbench-torch-native"


def test_registering_and_checking_imports_no_framework():
    code = (
        "import sys\n"
        "from cnnbench.testing import load_plugins\n"
        "backend = load_plugins().backend('torch-native')\n"
        "assert backend.check().available\n"
        "backend.environment('cpu', 2)\n"
        "print('torch' in sys.modules)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"


def test_without_pytorch_it_says_what_to_install():
    with machine_without("torch"):
        answer = TorchNative().check()
    assert not answer.available
    assert "torch" in answer.reason
    assert answer.install == "pip install torch"


def test_a_gpu_that_is_not_there_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(PluginError, match='finds no GPU here: use device "cpu"'):
        TorchNative().open("gpu", 1)


def test_auto_takes_the_cpu_where_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert TorchNative().open("auto", 1).device == "cpu"


def test_threads_are_limited_before_and_after_the_import():
    import torch

    assert TorchNative().environment("cpu", 3)["OMP_NUM_THREADS"] == "3"
    before = torch.get_num_threads()
    TorchNative().open("cpu", 1)
    assert torch.get_num_threads() == 1
    torch.set_num_threads(before)
