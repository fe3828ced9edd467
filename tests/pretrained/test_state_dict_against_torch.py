"""State dicts as PyTorch writes them, read without it; what would run code is refused."""

import numpy as np
import pytest

from cnnbench.errors import PretrainedError
from cnnbench.pretrained.find import find_arrays
from cnnbench.pretrained.read import read_arrays

torch = pytest.importorskip("torch")


def tensors(arrays):
    return {name: torch.from_numpy(np.ascontiguousarray(x)) for name, x in arrays.items()}


def plain(state):
    return state


def nested(state):
    return {"epoch": 3, "state_dict": state}


def parameters(state):
    return {
        name: torch.nn.Parameter(x) if x.is_floating_point() else x for name, x in state.items()
    }


def double(state):
    return {name: x.double() if x.is_floating_point() else x for name, x in state.items()}


def views(state):
    """Of one long tensor each, and with strides of their own."""
    return {
        name: torch.cat([x.new_zeros(5), x.mT.flatten()])[5:].reshape(x.mT.shape).mT
        if x.ndim == 4
        else x
        for name, x in state.items()
    }


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize("form", [plain, nested, parameters, double, views])
def test_a_state_dict_gives_what_went_into_it(  # noqa: PLR0917 - fixtures
    form, older, tmp_path, network, arrays, torch_arrays
):
    path = tmp_path / "state.pth"
    torch.save(form(tensors(torch_arrays)), path, _use_new_zipfile_serialization=not older)
    found = find_arrays("tiny", path.name, "torch", folder=tmp_path)
    assert found.pads == "torch"
    read = read_arrays(found, network)
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array, err_msg=name)


@pytest.mark.parametrize("kind", ["half", "bfloat16"])
def test_numbers_of_half_the_size_are_read(kind, tmp_path, network, arrays, torch_arrays):
    state = {name: getattr(x, kind)() for name, x in tensors(torch_arrays).items()}
    torch.save(state, tmp_path / "state.pt")
    found = find_arrays("tiny", "state.pt", "torch", folder=tmp_path)
    read = read_arrays(found, network)
    for name, array in arrays.items():
        np.testing.assert_allclose(read[name], array, rtol=2**-8)


@pytest.mark.parametrize("older", [False, True])
def test_a_whole_model_is_refused_and_nothing_of_it_runs(older, tmp_path):
    class Trap:
        def __reduce__(self):
            return open, (str(tmp_path / "sprung"), "w")

    torch.save({"weight": Trap()}, tmp_path / "m.pt", _use_new_zipfile_serialization=not older)
    with pytest.raises(PretrainedError, match="loading it would run code"):
        find_arrays("tiny", "m.pt", "torch", folder=tmp_path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_half_a_file_is_one_sentence(older, share, tmp_path, network, torch_arrays):
    path = tmp_path / "state.pt"
    torch.save(tensors(torch_arrays), path, _use_new_zipfile_serialization=not older)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(PretrainedError, match=r"can't be read as .*get it again"):
        read_arrays(find_arrays("tiny", "state.pt", "torch", folder=tmp_path), network)


def test_a_file_without_arrays_is_told(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "state.pt")
    with pytest.raises(PretrainedError, match="holds no state dict"):
        find_arrays("tiny", "state.pt", "torch", folder=tmp_path)
