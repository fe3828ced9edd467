"""Files of two gigabytes: only as much of them is in memory as the base has numbers."""

import json
import tracemalloc

import numpy as np
import pytest

from cnnbench.errors import PretrainedError
from cnnbench.pretrained.find import find_arrays
from cnnbench.pretrained.read import read_arrays

SIZE = 2 * 2**30
LITTLE = 64 * 2**20


@pytest.fixture
def little_memory():
    """Whatever a test does, Python and NumPy take little for it."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < LITTLE


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("start", [b"", b"\xff\xff\xff\x7f", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"])
@pytest.mark.parametrize("suffix", ["h5", "weights.h5", "keras", "npz", "safetensors", "pt"])
def test_two_gigabytes_of_nothing_are_one_sentence(suffix, start, tmp_path):
    path = tmp_path / f"huge.{suffix}"
    with path.open("wb") as file:
        file.write(start)
        file.truncate(SIZE)
    with pytest.raises(PretrainedError, match=r"can't be read as .*get it again"):
        find_arrays("tiny", path.name, "keras", folder=tmp_path)


def sparse(path, arrays, head):
    """A file of safetensors whose last array, of the shape of `head`, is a hole in the disk."""
    place, header, content = 0, {}, b""
    for name, array in arrays.items():
        content += array.tobytes()
        offsets = [place, place + array.nbytes]
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": offsets}
        place += array.nbytes
    offsets = [place, place + 4 * int(np.prod(head))]
    header["dense/kernel"] = {"dtype": "F32", "shape": head, "data_offsets": offsets}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + content)
        file.truncate(8 + len(text) + offsets[1])


@pytest.mark.slow
@pytest.mark.usefixtures("little_memory")
def test_another_network_of_two_gigabytes_is_refused_by_its_shapes(tmp_path, arrays):
    arrays["wide/kernel"] = np.ones((1, 1, 4, 7), np.float32)
    sparse(tmp_path / "huge.safetensors", arrays, (6, SIZE // 24))
    with pytest.raises(PretrainedError, match=r"wide/kernel is 1x1x4x6, but .* 1x1x4x7"):
        find_arrays("tiny", "huge.safetensors", "keras", folder=tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("little_memory")
def test_a_head_of_two_gigabytes_stays_on_the_disk(tmp_path, arrays, network):
    sparse(tmp_path / "huge.safetensors", arrays, (6, SIZE // 24))
    found = find_arrays("tiny", "huge.safetensors", "keras", folder=tmp_path)
    read = read_arrays(found, network)
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array)
