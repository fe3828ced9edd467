"""Arrays that were trained in PyTorch compute what its modules do, whatever file they come in."""

import numpy as np
import pytest

from cnnbench.network.bases import BASES
from cnnbench.plugin import Optimization
from cnnbench.pretrained.convention import as_trained
from cnnbench.pretrained.find import find_arrays
from cnnbench.pretrained.read import read_arrays
from cnnbench.testing import ArrayBatches
from cnnbench.testing.numpy_backend import NumpyEngine

torch = pytest.importorskip("torch")


def module(arrays):
    """The base `tiny` as anybody would write it in PyTorch."""
    from torch import nn

    class Tiny(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 4, 3, stride=2, padding=1)
            self.stem_bn = nn.BatchNorm2d(4)
            self.down = nn.Conv2d(4, 4, 3, stride=2, padding=1, groups=4, bias=False)
            self.wide = nn.Conv2d(4, 6, 1, bias=False)
            self.wide_bn = nn.BatchNorm2d(6)
            self.beside = nn.Conv2d(4, 6, 1, stride=2, bias=False)
            self.beside_bn = nn.BatchNorm2d(6)

        def forward(self, x):
            x = self.stem_bn(self.stem(x))
            return self.wide_bn(self.wide(self.down(x))) + self.beside_bn(self.beside(x))

    made = Tiny().eval()
    state = {
        ".".join(name.split(".")[2:]): torch.from_numpy(np.ascontiguousarray(array))
        for name, array in arrays.items()
    }
    made.load_state_dict(state)
    return made


@pytest.fixture
def state(torch_arrays):
    """By the names of the module above."""
    layers = ["stem", "stem_bn", "down", "wide", "wide_bn", "beside", "beside_bn"]
    return {
        f"features.{place}.{layers[int(place)]}.{part}": array
        for (_, place, part), array in (
            (name.split("."), array)
            for name, array in torch_arrays.items()
            if name.startswith("features.")
        )
    }


@pytest.mark.parametrize("side", [32, 33])
@pytest.mark.parametrize(
    ("name", "padding", "same"),
    [
        ("a.pth", None, True),
        ("a.npz", "torch", True),
        ("a.npz", None, False),
        ("a.pth", "keras", False),
    ],
)
def test_a_base_computes_what_its_module_computes(  # noqa: PLR0917 - fixtures
    name, padding, same, side, tmp_path, arrays, torch_arrays, state
):
    np.savez(tmp_path / "a.npz", **arrays)
    plain = {x: torch.from_numpy(np.ascontiguousarray(v)) for x, v in torch_arrays.items()}
    torch.save(plain, tmp_path / "a.pth")
    images = np.random.default_rng(1).random((3, side, side, 3), np.float32)
    with torch.inference_mode():
        wanted = module(state)(torch.from_numpy(images).permute(0, 3, 1, 2))
    found = find_arrays("tiny", name, "unit", folder=tmp_path, padding=padding)
    network = as_trained(BASES["tiny"]((side, side, 3)), found)
    model = NumpyEngine().build(network, read_arrays(found, network), Optimization(), 0)
    made = model.predict(ArrayBatches(images, np.zeros(3, np.int32)))
    wanted = wanted.permute(0, 2, 3, 1).numpy()
    difference = np.abs(made - wanted).max() / np.abs(wanted).max()
    if same:
        assert difference < 1e-5
    else:  # at odd sizes by epsilon alone
        assert difference > (0.01 if side == 32 else 1e-4)
