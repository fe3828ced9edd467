"""What is known of each data set without reading a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_TORONTO = "https://www.cs.toronto.edu/~kriz/"

CIFAR10_BATCHES = (*(f"data_batch_{part}" for part in range(1, 6)), "test_batch")
CIFAR100_BATCHES = ("train", "test")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as Keras keeps it.

    path: below the folder `datasets` of Keras's home. sha256: of the file at `url`, as Keras
    states it, "" where it states none. also: other names under which the same file is kept.
    members: the files that are needed of an archive. unpacked: folders that may hold these instead.
    """

    path: str
    url: str
    sha256: str = ""
    also: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    unpacked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set with a test split that everybody uses.

    shape: (height, width, channels). train, test: images of each class.
    layout: how the files hold the images, see `cnnbench_keras._data.readers`.
    """

    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    train: tuple[int, ...]
    test: tuple[int, ...]
    layout: Literal["npz", "idx", "cifar10", "cifar100"]
    files: tuple[RemoteFile, ...]


def _fashion(name: str) -> RemoteFile:
    return RemoteFile(f"fashion-mnist/{name}", _KERAS + name)


# fmt: off
_CIFAR100 = (
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
    "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
    "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup",
    "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house",
    "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man",
    "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid",
    "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy",
    "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal",
    "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider", "squirrel", "streetcar",
    "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor",
    "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman",
    "worm",
)
# fmt: on

DATASETS: dict[str, Dataset] = {
    "mnist": Dataset(
        shape=(28, 28, 1),
        classes=tuple("0123456789"),
        train=(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
        test=(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
        layout="npz",
        files=(
            RemoteFile(
                "mnist.npz",
                _KERAS + "mnist.npz",
                "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
            ),
        ),
    ),
    "fashion_mnist": Dataset(
        shape=(28, 28, 1),
        classes=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        train=(6000,) * 10,
        test=(1000,) * 10,
        layout="idx",
        files=(
            _fashion("train-images-idx3-ubyte.gz"),
            _fashion("train-labels-idx1-ubyte.gz"),
            _fashion("t10k-images-idx3-ubyte.gz"),
            _fashion("t10k-labels-idx1-ubyte.gz"),
        ),
    ),
    "cifar10": Dataset(
        shape=(32, 32, 3),
        classes=(
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ),
        train=(5000,) * 10,
        test=(1000,) * 10,
        layout="cifar10",
        files=(
            RemoteFile(
                "cifar-10-batches-py-target_archive",
                _TORONTO + "cifar-10-python.tar.gz",
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                also=("cifar-10-batches-py.tar.gz", "cifar-10-python.tar.gz"),
                members=CIFAR10_BATCHES,
                unpacked=(
                    "cifar-10-batches-py-target/cifar-10-batches-py",
                    "cifar-10-batches-py",
                ),
            ),
        ),
    ),
    "cifar100": Dataset(
        shape=(32, 32, 3),
        classes=_CIFAR100,
        train=(500,) * 100,
        test=(100,) * 100,
        layout="cifar100",
        files=(
            RemoteFile(
                "cifar-100-python-target_archive",
                _TORONTO + "cifar-100-python.tar.gz",
                "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
                also=("cifar-100-python.tar.gz",),
                members=CIFAR100_BATCHES,
                unpacked=("cifar-100-python-target/cifar-100-python", "cifar-100-python"),
            ),
        ),
    ),
}
