"""All that is shown of a trained network and some images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnbench.errors import OptionsError, refuse_options
from cnnbench.loading.plugins import Plugins
from cnnbench.training.images import Pixels
from cnnbench.trials.trial import Device
from cnnbench.winner.backends import choose_backend, open_engine
from cnnbench.winner.explanation.filters import Filters, first_filters
from cnnbench.winner.explanation.grad_cam import Explainer, HeatMaps
from cnnbench.winner.explanation.layers import grad_cam_layer, last_map, layers_of_maps
from cnnbench.winner.explanation.subject import Subject
from cnnbench.winner.files import Decoded, files_of, readable, together

MOST_IMAGES = 12
"""What one picture holds."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a network makes of some images.

    files: of the images, or signals; rows: which of its file each is, None of an image. images:
    what the network sees of them, (n, height, width, channels), of signals (n, length, 1,
    channels). heat: None of a network without classifier. maps: of some layers by name, (n, rows,
    columns, channels). filters: of the first convolution, None where there is none.
    """

    subject: Subject
    files: tuple[str, ...]
    rows: tuple[int | None, ...]
    images: Pixels
    heat: HeatMaps | None
    maps: dict[str, NDArray[np.float32]]
    filters: Filters | None

    @property
    def names(self) -> tuple[str, ...]:
        """Of the images, or signals."""
        pairs = zip(self.files, self.rows, strict=True)
        return tuple(file if row is None else f"{file}:{row}" for file, row in pairs)

    @property
    def of_signals(self) -> bool:
        """Whether they are signals."""
        return self.subject.preprocessing.of_signals

    def class_of(self, row: int) -> str:
        """The name of the class that an image's heat map is of."""
        assert self.heat is not None
        return self.subject.classes[int(self.heat.classes[row])]


@dataclass(frozen=True, slots=True)
class ExplainRequest:
    """What is to be shown.

    paths: image files, or folders of them. of: a class, None for what is seen. layer: of the heat
    map, None for the last one. backend: None for any that can.
    """

    paths: tuple[Path, ...]
    of: str | None = None
    layer: str | None = None
    backend: str | None = None
    device: Device = "auto"


def explain_images(subject: Subject, request: ExplainRequest, plugins: Plugins) -> Explanation:
    """Compute everything. Raises CnnbenchError for a request that is wrong."""
    wanted, layer = subject.class_number(request.of), _layer(subject, request.layer)
    found = _read(request.paths, subject)
    images = found.images
    backend = choose_backend(
        plugins,
        [subject.network],
        trained_by=subject.trained_by,
        asked=request.backend,
        explains=bool(subject.classes),
    )
    explainer = Explainer(subject, backend, open_engine(backend, request.device))
    shown = layers_of_maps(subject.network, layer)  # that of the heat map among them
    maps = {name: explainer.maps(images, name) for name in shown}
    return Explanation(
        subject,
        tuple(path.name for path in found.paths),
        found.rows,
        subject.preprocessing.cut(images),
        explainer.heat_of(maps[layer], layer, wanted) if subject.classes else None,
        maps,
        first_filters(subject),
    )


def _layer(subject: Subject, asked: str | None) -> str:
    """That of the heat map, or the last one of maps without a classifier."""
    if subject.classes:
        return grad_cam_layer(subject.network, asked)
    refuse_options({"--layer": asked}, "networks with a classifier, and this one has none")
    return last_map(subject.network)


def _read(paths: Sequence[Path], subject: Subject) -> Decoded:
    """The images, or signals, as the subject takes them before they are cut and scaled."""
    of_signals = subject.preprocessing.of_signals
    files = files_of(paths, subject.preprocessing)
    if not of_signals:
        _refuse_more(len(files), "images", "name fewer")
    found = together(list(readable(files, subject.preprocessing)))
    _refuse_more(len(found.paths), "signals", f"name single ones, such as {files[0]}:1")
    return found


def _refuse_more(count: int, what: str, remedy: str) -> None:
    if count > MOST_IMAGES:
        raise OptionsError(
            f"a picture holds up to {MOST_IMAGES} {what}, and --image names {count}: {remedy}"
        )
