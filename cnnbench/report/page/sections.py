"""The parts of a chapter in order: what is shown, or a sentence about what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from cnnbench.comparison.values import Comparison, Ranks, Table
from cnnbench.data.sources.kept import kept_images
from cnnbench.report.chapters import Chapter, NothingToDrawError
from cnnbench.report.page.thumbnails import Thumbnail, thumbnails
from cnnbench.report.pictures.amounts import amounts
from cnnbench.report.pictures.canvas import Picture, short
from cnnbench.report.pictures.confusion import confusion_panels
from cnnbench.report.pictures.confusions import MOST as MOST_CLASSES
from cnnbench.report.pictures.confusions import confusions_of
from cnnbench.report.pictures.cost import cost_panels
from cnnbench.report.pictures.curves import KEY, MOST, curve_panels
from cnnbench.report.pictures.forest import forest
from cnnbench.report.pictures.images import gone
from cnnbench.report.pictures.mistakes import mistakes_of
from cnnbench.report.pictures.predicted import both_of
from cnnbench.report.pictures.ranks import ranks_picture
from cnnbench.report.pictures.reliability import reliability
from cnnbench.report.sentences import answer_of

_IMAGES = 8
"""Of each kind of mistake."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture in the page. narrow: the same for small screens, None where one will do."""

    wide: Markup
    narrow: Markup | None = None


@dataclass(frozen=True, slots=True)
class Gallery:
    """Images under a heading."""

    title: str
    images: tuple[Thumbnail, ...]
    none: str


@dataclass(frozen=True, slots=True)
class PageSection:
    """A heading, what explains it, and what it shows; `missing` says why it shows less."""

    key: str
    title: str
    text: str = ""
    pictures: tuple[Drawn, ...] = ()
    galleries: tuple[Gallery, ...] = ()
    missing: str = ""


def forest_section(chapter: Chapter, prefix: str) -> PageSection:
    """The differences, as wide as the page and as narrow as a telephone."""
    title = f"Differences to {short(chapter.table.baseline, 40)}"
    try:
        picture = forest(chapter)
    except NothingToDrawError as error:
        return PageSection("differences", title, missing=_why(error, chapter))
    return PageSection("differences", title, pictures=(_both_widths(picture, prefix),))


def ranks_section(comparison: Comparison, ranks: Ranks, prefix: str) -> PageSection:
    """Mean ranks on a line, as wide as the page and as narrow as a telephone."""
    picture = ranks_picture(comparison, ranks)
    return PageSection("differences", picture.title, pictures=(_both_widths(picture, prefix),))


def detail_sections(chapter: Chapter, variant: str | None, prefix: str) -> Iterator[PageSection]:
    """All that goes deeper than the table, in the order of the page."""
    if chapter.amounts:
        yield _amounts(*chapter.amounts, prefix)
    yield _pictured(
        PageSection("curves", "Learning curves", _curves_text(chapter)),
        lambda: curve_panels(chapter),
        chapter,
        prefix,
    )
    yield _confusion(chapter, variant, prefix)
    yield _images(chapter, variant)
    yield _pictured(
        PageSection(
            "cost",
            "Quality against cost",
            "Round and blue: no variant is as good for less. The dashed step is what each cost can "
            "buy; vertical lines are 95 % intervals.",
        ),
        lambda: cost_panels(chapter),
        chapter,
        prefix,
    )
    yield _pictured(
        PageSection(
            "reliability",
            "As sure as right?",
            f"Predictions of test {chapter.table.things}, grouped by how sure the network was; "
            "below, the share of each group. A curve under the diagonal is too sure of itself.",
        ),
        lambda: [reliability(chapter, variant)],
        chapter,
        prefix,
    )


def _both_widths(picture: Picture, prefix: str) -> Drawn:
    return Drawn(
        Markup(picture.svg("double", prefix)),  # noqa: S704 - text in it was escaped when drawn
        Markup(picture.svg("single", prefix)),  # noqa: S704
    )


def _why(error: NothingToDrawError, chapter: Chapter) -> str:
    """The reason as a sentence; of which chapter is plain to see."""
    reason = str(error).removeprefix(f"{chapter.name}: ")
    return f"{reason[:1].upper()}{reason[1:].removesuffix('.')}."


def _pictured(
    section: PageSection, make: Callable[[], Sequence[Picture]], chapter: Chapter, prefix: str
) -> PageSection:
    """The section with its pictures, or with the reason why there are none."""
    try:
        pictures = make()
    except NothingToDrawError as error:
        return replace(section, text="", missing=_why(error, chapter))
    drawn = [
        Drawn(Markup(picture.svg("single", prefix)))  # noqa: S704 - escaped when drawn
        for picture in pictures
    ]
    findings = " ".join(picture.finding for picture in pictures if picture.finding)
    text = f"{findings} {section.text}".strip()
    return replace(section, text=text, pictures=tuple(drawn))


def _amounts(comparison: Comparison, table: Table, prefix: str) -> PageSection:
    """How much more images bring, and how much each technique at equal numbers of them."""
    assert table.curve is not None
    picture = amounts(comparison, table, table.curve)
    return PageSection(
        "amounts",
        picture.title,
        f"{answer_of(comparison, table)} The bands are 95 % intervals; verdicts are of pairs with "
        f"the same number of {table.things}, corrected for {table.family} comparisons.",
        pictures=(_both_widths(picture, prefix),),
    )


def _curves_text(chapter: Chapter) -> str:
    text = (
        f"{KEY.capitalize()}. Thin lines go on with the trials that trained longer than the one "
        "that stopped first; the axes of all variants are the same."
    )
    if (more := len(chapter.lines) - MOST) > 0:
        text += f" {more} more variants are not drawn."
    return text


def _confusion(chapter: Chapter, variant: str | None, prefix: str) -> PageSection:
    text = (
        "Rows are true classes, in per cent of each; blue was right, orange was taken for another. "
        "The last picture is the difference in recall with its 95 % interval, class by class and "
        "without correction for their number."
    )
    try:
        if left_out := confusions_of(chapter, variant).left_out:
            text += (
                f" {left_out} more classes are not drawn: these {MOST_CLASSES} take part in most "
                "mistakes."
            )
    except NothingToDrawError:
        pass  # said below
    return _pictured(
        PageSection("confusion", "Which class is taken for which", text),
        lambda: confusion_panels(chapter, variant),
        chapter,
        prefix,
    )


def _images(chapter: Chapter, variant: str | None) -> PageSection:
    things = chapter.table.things
    key, title = "images", f"{things.capitalize()}: most wrong, rescued, broken"
    try:
        both = both_of(chapter, variant)
    except NothingToDrawError as error:
        return PageSection(key, title, missing=_why(error, chapter))
    found = mistakes_of(both, _IMAGES)
    name, base = short(both.variant, 40), short(both.baseline, 40)
    text = (
        f"Of {found.tested_each:,.0f} test {things} in a replicate, {name} gets "
        f"{found.rescued_each:,.0f} right that {base} gets wrong, and {found.broken_each:,.0f} "
        f"wrong that it gets right. Below each {things.removesuffix('s')}: its class, what was "
        "said instead, how sure, and in how many of the replicates that tested it."
    )
    if both.lacking:
        pairs = "1 pair is" if both.lacking == 1 else f"{both.lacking} pairs are"
        text += f" {pairs} left out, for want of predictions of the same {things}."
    images = kept_images(both.digest)
    if images is None:
        return PageSection(
            key,
            title,
            text,
            missing=gone(both.source, things),
        )
    kinds = (
        (f"Most wrong with {name}", found.worst, "None is wrong."),
        (f"Rescued by {name}", found.rescued, "None is rescued."),
        (f"Broken by {name}", found.broken, "None is broken."),
    )
    galleries = tuple(
        Gallery(heading, tuple(thumbnails(images, mistakes, both.classes)), none)
        for heading, mistakes, none in kinds
    )
    return PageSection(key, title, text, galleries=galleries)
