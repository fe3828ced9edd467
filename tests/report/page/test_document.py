"""The page: whole, alone, described in words, and harmless whatever names it is given."""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from cnnbench.comparison.compare import compare_records
from cnnbench.errors import ComparisonError
from cnnbench.report.chapters import read_book
from cnnbench.report.console import comparison_text
from cnnbench.report.page.document import MADE_BY, MOST_BYTES, report_html
from cnnbench.report.page.methods import methods

pytestmark = pytest.mark.slow

REFERENCE = Path(__file__).parents[3] / "results" / "reference"
SECTIONS = [
    "differences", "table", "curves", "confusion", "images", "cost", "reliability", "data",
    "methods", "run",
]  # fmt: skip
UNKIND = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "\x1b[31mred\x1b[0m {{ 7 * 7 }} {% raw %}",
    "a" * 200,
    "\u05d0\u05d1\u05d2 \u202egnp.exe",
    "$\\frac{1}{2}$ & ${x}$ ]]> --> </style>",
    "var(--ink) url(#x) #1b1f24",
)


def loaded_from_elsewhere(page):
    return [
        value
        for _, attributes in page.elements
        for name in ("src", "href", "xlink:href", "action", "data", "srcset", "poster")
        if (value := attributes.get(name)) and not value.startswith(("#", "data:"))
    ]


def undescribed(page):
    pictures = [x.get("aria-label") for x in page.all("svg")]
    return [x for x in (*pictures, *(x.get("alt") for x in page.all("img"))) if not x]


@pytest.fixture(scope="module")
def text(recorded):
    """The page of a run whose images are still there."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CNNBENCH_CACHE", str(recorded / "cache"))
        return report_html([recorded / "results"])


@pytest.fixture(scope="module")
def page(text, read_page):
    return read_page(text)


def test_a_page_of_a_run_is_whole_alone_and_described(page, text):
    assert page.complaints == []
    assert loaded_from_elsewhere(page) == []
    assert undescribed(page) == []
    assert "url(http" not in text
    assert "@import" not in text
    assert len(text.encode()) <= MOST_BYTES
    assert MADE_BY in text[:2000]


def test_the_parts_stand_in_the_order_of_the_questions(page):
    anchors = [x["id"] for _, x in page.elements if x.get("id", "").startswith("c1-")]
    assert [x for x in anchors if x.removeprefix("c1-") in SECTIONS] == [
        f"c1-{name}" for name in SECTIONS
    ]
    targets = {x["href"][1:] for x in page.all("a")}
    assert targets <= {x["id"] for _, x in page.elements if "id" in x}


def test_every_picture_is_there(page):
    said = [x["aria-label"] for x in page.all("svg")]
    begins = [
        "Forest plot", "Forest plot", "Learning curves of slow", "Learning curves of fast",
        "Learning curves of stopped", "Confusion matrix of slow", "Confusion matrix of fast",
        "Differences in recall of fast to slow", "Accuracy against training time",
        "Reliability diagram",
    ]  # fmt: skip
    assert [
        text for text, start in zip(said, begins, strict=True) if not text.startswith(start)
    ] == []
    images = page.all("img")
    assert images
    assert all(x["src"].startswith("data:image/png;base64,") for x in images)


def test_no_two_elements_have_one_id(page):
    ids = [x["id"] for _, x in page.elements if "id" in x]
    assert len(ids) == len(set(ids))


@pytest.mark.usefixtures("with_cache")
def test_the_same_results_give_the_same_bytes(recorded, text):
    assert report_html([recorded / "results"]) == text


def test_the_numbers_and_methods_are_those_of_the_comparison(recorded, page):
    (chapter,) = read_book([recorded / "results"]).chapters
    said = " ".join(" ".join(page.texts).split())
    for row in chapter.table.rows:
        assert f"{100 * row.value.mean:.1f}" in said
    assert methods(chapter) in said


@pytest.mark.usefixtures("without_cache")
def test_images_that_are_gone_are_missed_in_a_sentence(recorded, read_page):
    page = read_page(report_html([recorded / "results"]))
    assert page.all("img") == []
    assert "The images themselves can't be shown" in " ".join(page.texts)
    assert "right that slow gets wrong" in " ".join(page.texts)


@pytest.mark.usefixtures("without_cache")
def test_a_study_without_details_says_what_is_missing(write_study, read_page):
    page = read_page(report_html([write_study(details=False, confusion=False)]))
    text = " ".join(page.texts)
    assert page.complaints == []
    assert "No history of a trial can be read" in text
    assert "No predictions of the same test images" in text
    assert "recorded none" in text


@pytest.mark.usefixtures("without_cache")
def test_one_replicate_of_one_variant_is_a_page_too(write_study, read_page):
    page = read_page(report_html([write_study(variants=("plain",), replicates=1)]))
    assert page.complaints == []
    assert "o variant has a difference to the baseline" in " ".join(page.texts)


@pytest.mark.usefixtures("without_cache")
def test_unkind_names_change_nothing_but_the_text(write_study, read_page):
    results = write_study(variants=tuple("abcdefg"), classes=tuple("xyz"), notes=("m", "n"))
    kind = read_page(report_html([results]))
    shutil.rmtree(results)
    unkind = read_page(
        report_html(
            [
                write_study(
                    variants=UNKIND,
                    classes=UNKIND[:3],
                    title=UNKIND[0],
                    notes=(UNKIND[1], UNKIND[2]),
                    source=UNKIND[5],
                    cpu=UNKIND[0],
                    description=UNKIND[5],
                    overrides=(UNKIND[1],),
                )
            ]
        )
    )
    assert unkind.complaints == []
    assert loaded_from_elsewhere(unkind) == []
    skeleton = {"script", "style", "iframe", "object", "svg", "table", "section", "img"}
    shape = [tag for tag, _ in unkind.elements if tag in skeleton]
    assert shape == [tag for tag, _ in kind.elements if tag in skeleton]
    attributes = {name for _, given in unkind.elements for name in given}
    assert not [name for name in attributes if name.startswith("on")]
    text = "".join(unkind.texts)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[31mred" in text
    assert "{{ 7 * 7 }}" in text
    assert "#1b1f24" in text
    assert "$\\frac{1}{2}$" in text


@pytest.mark.usefixtures("without_cache")
def test_only_the_script_of_the_page_may_run(write_study):
    text = report_html([write_study()])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy
    assert "unsafe-inline" not in policy.partition("script-src")[2]


@pytest.fixture(scope="module")
def page_of_all(tmp_path_factory):
    """The page of all reference records, whose pictures take a while to draw."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CNNBENCH_CACHE", str(tmp_path_factory.mktemp("no_cache")))
        return report_html([REFERENCE])


def test_all_reference_records_make_one_small_page(page_of_all, read_page):
    text = page_of_all
    page = read_page(text)
    assert page.complaints == []
    assert loaded_from_elsewhere(page) == []
    assert undescribed(page) == []
    assert len(text.encode()) <= MOST_BYTES
    chapters = [x for x in page.all("article") if x["id"] != "backends"]
    assert len(chapters) == len(compare_records([REFERENCE]).tables)


def test_what_does_not_fit_is_named_with_the_command_that_shows_it(page_of_all):
    assert "Left out, to keep" in page_of_all
    assert f"cnnbench report {REFERENCE}" in page_of_all


@pytest.mark.usefixtures("without_cache")
def test_a_variant_can_be_chosen_and_must_exist(write_study, read_page):
    results = write_study(variants=("plain", "one", "two"))
    for name in ("one", "two"):
        said = [x["aria-label"] for x in read_page(report_html([results], variant=name)).all("svg")]
        assert f"Confusion matrix of {name}" in " ".join(said)
    with pytest.raises(ComparisonError, match=r"there is no variant 'three' to show.*one, two"):
        report_html([results], variant="three")


@pytest.mark.usefixtures("without_cache")
def test_backends_of_one_recipe_are_compared_with_each_other(read_page):
    page = read_page(report_html([REFERENCE / "mnist"]))
    assert "backends" in [x["id"] for x in page.all("article")]
    assert (
        "6 comparisons of a variant with itself on jax: 5 same within 1 point, 1 open"
        in " ".join(page.texts)
    )
    alone = read_page(report_html([REFERENCE / "mnist" / "torch"]))
    assert "backends" not in [x["id"] for x in alone.all("article")]


@pytest.mark.usefixtures("without_cache")
def test_many_variants_and_classes_are_thinned_out_and_counted(write_study, read_page):
    variants = tuple(f"variant {number}" for number in range(30))
    classes = tuple(f"class {number}" for number in range(100))
    text = report_html([write_study(variants, classes, replicates=2)])
    page = read_page(text)
    said = " ".join(page.texts)
    assert "18 more variants are not drawn" in said
    assert "80 more classes are not drawn" in said
    assert "and 70 more" in said
    assert len(text.encode()) <= MOST_BYTES


@pytest.mark.parametrize("metric", ["training", "parameters", "log_loss", "peak_memory"])
@pytest.mark.usefixtures("without_cache")
def test_a_page_can_be_about_any_metric(metric, read_page):
    page = read_page(report_html([REFERENCE / "mnist" / "torch"], metric=metric))
    assert page.complaints == []
    assert undescribed(page) == []


@pytest.mark.usefixtures("without_cache")
def test_damaged_details_are_missed_like_absent_ones(write_study, read_page):
    results = write_study()
    for file in results.rglob("*.csv"):
        file.write_text("nonsense")
    for file in results.rglob("*.npz"):
        file.write_bytes(b"PK nonsense")
    said = " ".join(read_page(report_html([results])).texts)
    assert "No history of a trial can be read" in said
    assert "No predictions of the same test images" in said


@pytest.mark.usefixtures("without_cache")
def test_losses_beyond_measure_do_not_hide_the_others(write_study, read_page):
    results = write_study()
    for file in results.rglob("*.csv"):
        file.write_text(file.read_text().replace("0.5,1.0,0.4", "0.5,1e300,0.4", 1))
    page = read_page(report_html([results]))
    assert page.complaints == []
    assert "Learning curves of plain" in " ".join(x["aria-label"] for x in page.all("svg"))


@pytest.mark.usefixtures("without_cache")
def test_predictions_that_fit_nothing_are_left_out(write_study, read_page):
    results = write_study()
    first = next(results.rglob("t0-0.npz"))
    np.savez(first, probabilities=np.ones((3, 7)), rows=np.arange(2), labels=np.arange(9))
    said = " ".join(read_page(report_html([results])).texts)
    assert "1 pair is left out" in said


@pytest.mark.usefixtures("without_cache")
def test_a_variant_that_diverges_is_shown_without_a_difference(write_study, read_page):
    results = write_study(variants=("plain", "risky", "other"), diverged=("risky",))
    page = read_page(report_html([results]))
    forest = next(x["aria-label"] for x in page.all("svg"))
    assert "risky diverges 1/3" in forest
    assert "no difference" in page.texts  # in the picture


@pytest.mark.usefixtures("without_cache")
def test_a_baseline_that_diverges_leaves_nothing_to_be_compared(write_study, read_page):
    page = read_page(report_html([write_study(diverged=("plain",))]))
    assert page.complaints == []
    assert "o variant has a difference to the baseline" in " ".join(page.texts)


def test_a_study_of_signals_speaks_of_signals():
    shown = comparison_text(compare_records([REFERENCE / "signals"]))
    assert "242 test signals, 6 classes" in shown
    assert not re.search(r"\bimages?\b(?!/s)", shown, re.IGNORECASE)
    page = re.sub(
        r"<(script|style).*?</\1>", "", report_html([REFERENCE / "signals"]), flags=re.DOTALL
    )
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
    assert "No problem was found in the signals when they were read." in words
    said = re.findall(r"\S+ \S+ images?\b(?!/s)", words, re.IGNORECASE)
    assert said == ["is an image"], "what the recipe itself says of signals"
