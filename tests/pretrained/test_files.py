"""Files of every format that needs no framework give the arrays that went into them."""

import h5py
import numpy as np
import pytest
from safetensors.numpy import save_file

from cnnbench.errors import PretrainedError
from cnnbench.network.weights import by_layer
from cnnbench.pretrained.find import find_arrays
from cnnbench.pretrained.read import read_arrays

VARIABLES = {"mean": "moving_mean", "variance": "moving_variance"}
CLASSES = {"stem": "conv2d", "down": "depthwise_conv2d", "wide": "conv2d", "beside": "conv2d"}
ORDER = ["stem", "stem_bn", "down", "wide", "beside", "wide_bn", "beside_bn"]


def npz(path, arrays):
    np.savez(path, **arrays)


def dotted(path, arrays):
    save_file({name.replace("/", "."): x for name, x in arrays.items()}, path)


def older(path, arrays):
    """As Keras 2 writes weights, with the names that it gives to variables."""
    with h5py.File(path, "w") as file:
        layers = by_layer(arrays)
        file.attrs["layer_names"] = [b"input_1", *[name.encode() for name in layers]]
        file.create_group("input_1").attrs["weight_names"] = []
        for layer, parts in layers.items():
            group = file.create_group(layer)
            names = [f"{layer}/{VARIABLES.get(part, part)}:0" for part in parts]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, array in zip(names, parts.values(), strict=True):
                group[name] = array


def nested(path, arrays):
    """As Keras 2 writes a model that has the base as its first layer."""
    with h5py.File(path, "w") as file:
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [b"base", b"dense"]
        names = [f"{layer}/{part}:0" for layer, part in (x.split("/") for x in arrays)]
        root.create_group("base").attrs["weight_names"] = [x.encode() for x in names]
        for name, array in zip(names, arrays.values(), strict=True):
            root["base"][name] = array
        root.create_group("dense").attrs["weight_names"] = [b"dense/kernel:0"]
        root["dense/dense/kernel:0"] = np.ones((6, 2), np.float32)


def newer(path, arrays, *, named=True):
    """As Keras 3 does: groups by type, numbered in the order of its layers."""
    counts = {}
    with h5py.File(path, "w") as file:
        for layer in ORDER:
            kind = CLASSES.get(layer, "batch_normalization")
            count = counts.get(kind, 0)
            counts[kind] = count + 1
            key = f"{kind}_{count}" if count else kind
            group = file.create_group(f"layers/{key}/vars")
            if named:
                group.attrs["name"] = layer
            for place, array in enumerate(by_layer(arrays)[layer].values()):
                group[str(place)] = array
        file["optimizer/vars/0"] = np.zeros(3)


def unnamed(path, arrays):
    newer(path, arrays, named=False)


WRITERS = [
    ("plain.npz", npz),
    ("dots.safetensors", dotted),
    ("old.h5", older),
    ("nested.h5", nested),
    ("new.weights.h5", newer),
    ("unnamed.weights.h5", unnamed),
]


@pytest.mark.parametrize(("name", "write"), WRITERS)
def test_a_file_gives_what_went_into_it(name, write, tmp_path, network, arrays):
    write(tmp_path / name, arrays)
    found = find_arrays("tiny", name, "keras", folder=tmp_path)
    assert found.pads == "keras"
    read = read_arrays(found, network)
    assert list(read) == list(arrays)
    for key, array in arrays.items():
        assert read[key].dtype == np.float32
        np.testing.assert_array_equal(read[key], array)


def test_pytorch_s_names_in_safetensors_go_by_their_numbers(
    tmp_path, network, arrays, torch_arrays
):
    save_file(
        {x: np.ascontiguousarray(v) for x, v in torch_arrays.items()}, tmp_path / "t.safetensors"
    )
    found = find_arrays("tiny", "t.safetensors", "torch", folder=tmp_path)
    assert found.pads == "torch"
    read = read_arrays(found, network)
    for key, array in arrays.items():
        np.testing.assert_array_equal(read[key], array)


def damaged_at(share):
    def cut(path, arrays):
        whole = path.with_name(f"whole.{path.name}")
        dict(WRITERS)[path.name](whole, arrays)
        content = whole.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return cut


@pytest.mark.parametrize("name", [name for name, _ in WRITERS])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_file_that_is_cut_off_is_one_sentence(name, share, tmp_path, network, arrays):
    damaged_at(share)(tmp_path / name, arrays)
    with pytest.raises(PretrainedError, match=r"can't be read as .*get it again"):
        read_arrays(find_arrays("tiny", name, "keras", folder=tmp_path), network)


def test_numbers_that_are_not_finite_are_damage(tmp_path, network, arrays):
    arrays["stem/bias"][1] = np.nan
    npz(tmp_path / "nan.npz", arrays)
    found = find_arrays("tiny", "nan.npz", "keras", folder=tmp_path)
    with pytest.raises(PretrainedError, match="stem/bias holds numbers that are not finite"):
        read_arrays(found, network)


def test_objects_are_never_unpickled(tmp_path, arrays):
    arrays["stem/bias"] = np.array([print], dtype=object)
    npz(tmp_path / "objects.npz", arrays)
    with pytest.raises(PretrainedError, match=r"holds Python objects \(stem/bias\)"):
        find_arrays("tiny", "objects.npz", "keras", folder=tmp_path)


def test_what_changed_after_it_was_found_is_refused(tmp_path, network, arrays):
    npz(tmp_path / "a.npz", arrays)
    found = find_arrays("tiny", "a.npz", "keras", folder=tmp_path)
    arrays["stem/bias"] += 1
    npz(tmp_path / "a.npz", arrays)
    with pytest.raises(PretrainedError, match="has changed since this study was planned"):
        read_arrays(found, network)
