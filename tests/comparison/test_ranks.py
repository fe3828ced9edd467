from __future__ import annotations

import json

import pytest

import cnnbench.plot
from cnnbench.comparison.compare import compare_records
from cnnbench.errors import ComparisonError
from cnnbench.report.console import comparison_text
from cnnbench.report.formats import json_text, markdown_text
from cnnbench.report.latex import latex_text
from cnnbench.report.page.document import report_html
from cnnbench.report.page.write import write_pictures

VARIANTS = ("plain", "dropout", "augmentation")


@pytest.fixture
def write(study, tmp_path, samples):
    """write(0, digits) writes a study of those images into a results folder of its own."""

    def write(number, source, *, variants=VARIANTS, order=(0, 1, 2), backend="torch", digest=""):
        writer = study(f"results{number}", recipe="small", backend=backend)
        of = samples.model_copy(update={"source": source, "digest": digest or source})
        for variant, place in zip(variants, order, strict=False):
            values = (0.8 + place / 20, 0.81 + place / 20)
            trials = (f"{number}{variant}{i}" for i in range(2))
            for replicate, (value, trial) in enumerate(zip(values, trials, strict=True)):
                writer.add_one(variant, replicate, value=value, trial=trial, samples=of)
        writer.write()
        return tmp_path / f"results{number}"

    return write


SOURCES = ("digits", "mnist5k", "folder:/my/foods", "folder:/my/leaves")


@pytest.fixture
def four(write):
    return [write(i, source) for i, source in enumerate(SOURCES)]


def test_variants_are_ranked_over_the_data_sets_that_all_were_tried_on(four):
    (ranks,) = compare_records(four).ranks
    assert ranks.data_sets == ("digits", "mnist5k", "foods", "leaves")
    assert ranks.ranking.ranks == {"plain": 3, "dropout": 2, "augmentation": 1}
    assert ranks.means["plain"] == pytest.approx([0.805] * 4)
    assert ranks.ranking.pairs == (("augmentation", "plain"),)


def test_a_folder_above_all_of_them_is_as_good_as_their_names(four, tmp_path):
    assert compare_records([tmp_path]).ranks == compare_records(four).ranks


def test_a_data_set_counts_once_however_often_it_was_used(four, write):
    again = write(9, "digits again", digest="digits", order=(2, 1, 0))
    found = compare_records([*four, again])
    assert found.ranks == compare_records(four).ranks
    assert (
        "small (results9) is not ranked, as it is of the images of small (results0)" in found.notes
    )


def test_each_backend_is_ranked_by_itself(four, write):
    for i, source in enumerate(SOURCES[:3]):
        write(i, source, backend="jax", order=(2, 1, 0))
    jax, torch = sorted(compare_records(four).ranks, key=lambda x: x.backend)
    assert (jax.backend, len(jax.data_sets)) == ("jax", 3)
    assert jax.ranking.ordered[0] == "plain"
    assert torch.ranking.ordered[0] == "augmentation"


def test_a_variant_that_is_not_everywhere_is_left_out_and_named(four, write):
    more = write(7, "cifar10", variants=(*VARIANTS, "l2"), order=(0, 1, 2, 3))
    (ranks,) = compare_records([*four, more]).ranks
    assert list(ranks.means) == list(VARIANTS)
    assert ranks.notes == ("not on all of the data sets, so not ranked: l2",)


def test_lower_is_better_where_it_is(study, tmp_path, samples):
    for number, source in enumerate(SOURCES[:3]):
        writer = study(f"loss{number}", recipe="small")
        of = samples.model_copy(update={"source": source, "digest": source})
        for variant, value in zip(VARIANTS, (0.9, 0.5, 0.1), strict=True):
            writer.add(variant, [value, value + 0.01], metric="log_loss", samples=of)
        writer.write()
    (ranks,) = compare_records([tmp_path], metric="log_loss").ranks
    assert ranks.ranking.ordered[0] == "augmentation"


def test_two_data_sets_are_too_few_and_a_note_says_so(write):
    found = compare_records([write(0, "digits"), write(1, "mnist5k")])
    assert found.ranks == ()
    (note,) = found.notes
    assert "at least 3 variants on 3 data sets: here are 3 on 2 (digits, mnist5k)" in note


def test_other_names_are_other_variants_and_a_note_says_so_where_it_was_asked(write, tmp_path):
    folders = [
        write(i, source, variants=[f"{name}{i}" for name in VARIANTS])
        for i, source in enumerate(SOURCES)
    ]
    (note,) = compare_records(folders).notes
    assert "share fewer than 3 variants" in note
    assert "variants are the same where their names are" in note
    assert compare_records([tmp_path]).notes == ()


def test_the_same_images_four_times_are_one_data_set(write):
    folders = [write(i, f"copy{i}", digest="same") for i in range(4)]
    found = compare_records(folders)
    assert (found.ranks, found.notes) == ((), ())


@pytest.mark.parametrize("how", [{"by": "backend"}, {"all_pairs": True}, {"metric": "training"}])
def test_backends_pairs_and_costs_are_not_ranked(four, how):
    assert compare_records(four, **how).ranks == ()


def test_data_sets_of_one_name_are_told_apart(write):
    folders = [write(i, f"folder:/{i}/foods") for i in range(3)]
    (ranks,) = compare_records(folders).ranks
    assert ranks.data_sets == ("folder:/0/foods", "folder:/1/foods", "folder:/2/foods")


def test_every_format_holds_them(four):
    found = compare_records(four)
    for text in (comparison_text(found), markdown_text(found), latex_text(found)):
        flat = " ".join(text.split())
        assert "Ranks over 4 data sets on torch" in flat
        assert "80.5 (3)" in flat
        assert "Mean ranks that are 1.66 or more apart differ" in flat
    assert "augmentation ranks above plain; nothing else is settled." in comparison_text(found)
    (content,) = json.loads(json_text(found))["ranks"]
    assert content["ranking"]["f"] is None
    assert content["ranking"]["ranks"]["plain"] == 3


@pytest.mark.slow
def test_page_and_pictures_show_the_critical_difference(four, tmp_path):
    text = report_html(four)
    assert "Does it hold on other images?" in text
    assert 'aria-label="Ranks over 4 data sets on torch' in text or "on a line from 1" in text
    assert "critical difference 1.66" in text
    written, _ = write_pictures(four, tmp_path / "pictures")
    assert {"ranks-double.svg", "ranks-single.svg"} <= {path.name for path in written}


def test_a_picture_of_ranks_is_of_one_backend(four, write):
    assert cnnbench.plot.ranks(*four).name == "ranks"
    for i, source in enumerate(SOURCES[:3]):
        write(i, source, backend="jax")
    with pytest.raises(ComparisonError, match="here are 2, on jax, torch"):
        cnnbench.plot.ranks(*four)
    assert "on jax" in cnnbench.plot.ranks(*four, backend="jax").title
    with pytest.raises(ComparisonError, match="here are none; no ranks over data sets"):
        cnnbench.plot.ranks(*four[:2])
