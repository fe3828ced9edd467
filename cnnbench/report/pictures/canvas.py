"""Figures without pyplot: one style, sizes in inches, and the same bytes each time."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cnnbench.errors import ComparisonError
from cnnbench.report.pictures.inline import inline_svg
from cnnbench.report.pictures.palette import INK, LINE, MUTED
from cnnbench.report.printable import printable
from cnnbench.results.files import explain, write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Width = Literal["single", "double"]
Format = Literal["svg", "pdf", "png"]
WIDTHS: dict[Width, float] = {"single": 3.5, "double": 7.0}
"""Inches that a picture is wide in one column of a paper, and over two."""
FORMATS: tuple[Format, ...] = get_args(Format)

_STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": LINE,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "lines.solid_capstyle": "butt",
    "text.parse_math": False,  # names may hold dollars
    "path.simplify_threshold": 0.3,
    "svg.hashsalt": "cnnbench",
    "svg.fonttype": "none",  # text stays text: small, to be searched, in the reader's own font
    "pdf.fonttype": 42,  # TrueType, as journals ask
    "ps.fonttype": 42,
    "savefig.dpi": 300,
}
_METADATA: dict[Format, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
_LONGEST = 26
# What XML can't hold, and what has no shape.
_NO_TEXT = re.compile("[\ud800-\udfff\ufffe\uffff\\s]+")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, drawn when it is asked for.

    name: of its file, letters, digits and hyphens. alt: what it shows, in words and numbers.
    draw: from a width to a figure, called within `styled`. finding: what is to be seen, "" where
    that is said elsewhere.
    """

    name: str
    title: str
    alt: str
    draw: Callable[[Width], Figure]
    finding: str = ""

    def figure(self, width: Width = "double") -> Figure:
        """A matplotlib figure, to be changed or saved at will."""
        with styled():
            return self.draw(width)

    def svg(self, width: Width = "double", prefix: str = "") -> str:
        """For a page: colours are its variables, the text alternative is inside.

        prefix: what its ids begin with, where a page has several pictures of this name and width.
        """
        name = f"{prefix}{self.name}-{width}"
        with styled():
            return inline_svg(_svg(self.draw(width), transparent=True), name, self.alt)

    def save(
        self, path: str | PathLike[str], format_: Format | None = None, width: Width = "double"
    ) -> None:
        """Write it, whole or not at all, in the format that the name ends with or the one given.

        Raises ComparisonError if it can't be written.
        """
        path = Path(path)
        content = self.content(format_ or format_of(path), width)
        try:
            write_atomically(path, content)
        except OSError as error:
            raise ComparisonError(
                f"the picture can't be written to {path}: {explain(error)}"
            ) from error

    def content(self, format_: Format, width: Width = "double") -> bytes:
        """What a file of that format holds."""
        with styled():
            return _bytes(self.draw(width), format_)

    def _repr_svg_(self) -> str:
        """For notebooks, which are often light, always readable there."""
        with styled():
            svg = _svg(self.draw("double"), transparent=False)
        return svg[svg.index("<svg") :]


def format_of(path: Path) -> Format:
    """The format that a name ends with. Raises ComparisonError where it names none."""
    for kind in FORMATS:
        if path.suffix.lower() == f".{kind}":
            return kind
    raise ComparisonError(f"{path} names no format of pictures; use {', '.join(FORMATS)}")


@contextmanager
def styled() -> Iterator[None]:
    """The style of all pictures, whatever the user's own matplotlib settings are."""
    from matplotlib import style

    with style.context(["default", _STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # browsers have them
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def axes_at(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place in inches from the lower left corner."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def show_image(axes: Axes, image: NDArray[np.uint8] | NDArray[np.float32]) -> None:
    """An image of (height, width, 1 or 3) without a frame."""
    grey = image.shape[2] == 1
    axes.imshow(image[:, :, 0] if grey else image, cmap="gray" if grey else None, vmin=0, vmax=255)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def short(text: str, most: int = _LONGEST) -> str:
    """A name fit for a picture: on one line, without control characters, cut where too long."""
    text = printable(_NO_TEXT.sub(" ", text)).strip() or "(no name)"
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def _bytes(figure: Figure, format_: Format) -> bytes:
    if format_ == "svg":
        return _svg(figure, transparent=False).encode()
    file = io.BytesIO()
    figure.savefig(file, format=format_, metadata=_METADATA[format_])
    return file.getvalue()


def _svg(figure: Figure, *, transparent: bool) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata=_METADATA["svg"], transparent=transparent)
    return file.getvalue()
