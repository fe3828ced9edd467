"""`cnnbench pick` and `cnnbench predict` as a user gives them."""

import csv
import io
import os

import pytest
from PIL import Image

from .conftest import DIGITS

pytestmark = pytest.mark.usefixtures("scripted_path")


@pytest.fixture
def images(tmp_path):
    """Two digits in a folder, and a file beside it that is none."""
    (tmp_path / "photos").mkdir()
    for row in (0, 1):
        Image.fromarray(DIGITS[row]).save(tmp_path / "photos" / f"{row}.png")
    (tmp_path / "broken.png").write_text("no image")
    return tmp_path


@pytest.mark.slow
def test_pick_says_what_it_chose_why_and_what_the_test_says(command, study, taken, tmp_path):
    done = command("pick", study, "-o", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["variant", "n", "validation", "accuracy", "parameters"]
    assert lines[1].split()[:2] == ["quick", "3"]
    assert "quick is chosen, by validation alone." in lines
    best = sorted(taken.planned.counting[0])
    assert any(
        line.startswith(
            f"training once more on 90 images, training and validation together, for "
            f"{best[1]} epochs (the median of those that counted: {', '.join(map(str, best))})"
        )
        for line in lines
    )
    assert any("of the 40 test images were validation images in another" in x for x in lines)
    assert taken.outcome.record.metrics["test"]["accuracy"] == 0.975
    # Wilson's interval of 39 of 40, by his formula with z = 1.959964
    assert lines[-3:] == [
        "test accuracy 97.5 % [87.1, 99.6] on 40 images, looked at once",
        "wrote mine",
        "next: cnnbench predict mine IMAGE...",
    ]
    again = command("pick", study, "-o", "mine")
    assert again.returncode == 2
    assert "mine holds a winner already: choose another --output, or replace it" in again.stderr


def test_predict_gives_a_row_an_image_and_one_that_cant_be_read_costs_its_own(
    command, taken, images
):
    done = command("predict", taken.folder, "photos", "broken.png", "absent.png")
    head, zero, one, broken, absent = done.stdout.splitlines()
    assert head.split() == ["image", "class", "probability"]
    assert zero.split()[:2] == ["photos/0.png", "0"]
    assert one.split()[:2] == ["photos/1.png", "1"]
    assert one.endswith(" %")
    assert broken.split("  ", 1)[1].strip().startswith("can't be read: not an image")
    assert "can't be read: No such file" in absent
    assert done.stderr == "note: 2 of 4 images can't be read\n"
    assert done.returncode == 1


def test_the_csv_has_the_probability_of_every_class(command, taken, images):
    done = command("predict", taken.folder, "photos", "broken.png", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["class"] for row in rows] == ["0", "1", ""]
    names = [f"probability of {name}" for name in ("1", "0", "7")]
    for row in rows[:2]:
        every = [float(row[name]) for name in names]
        assert sum(every) == pytest.approx(1, abs=1e-6)
        assert float(row["probability"]) == max(every)
    assert rows[2]["reason"].startswith("not an image")
    assert [rows[2][name] for name in names] == ["", "", ""]
    written = command("predict", taken.folder, "photos", "broken.png", "-o", "all.csv")
    assert written.stdout == "wrote all.csv\n"
    assert (images / "all.csv").read_text() == done.stdout


def test_a_name_that_is_no_text_or_a_formula_can_be_written(command, taken, tmp_path):
    names = [os.fsdecode(b"\xff.png"), "=1+1.png"]
    for name in names:
        with (tmp_path / name).open("wb") as file:
            Image.fromarray(DIGITS[0]).save(file, "png")
    done = command("predict", taken.folder, *names, "-o", "all.csv")
    assert (done.returncode, done.stderr) == (0, "")
    rows = list(csv.reader((tmp_path / "all.csv").read_text().splitlines()))
    assert [row[0] for row in rows] == ["image", "\\udcff.png", "'=1+1.png"]


def test_export_refuses_in_a_sentence_what_cant_be_written(command, taken, tmp_path):
    (tmp_path / "mine.keras").write_text("mine")
    for name, said in (
        (
            "model.kera",
            "model.kera has '.kera', which stands for no format; did you mean '.keras'?",
        ),
        ("mine.keras", "there is a file mine.keras already"),
    ):
        done = command("export", taken.folder, "-o", name)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"cnnbench: {said}")
    assert (tmp_path / "mine.keras").read_text() == "mine"


def test_a_narrow_terminal_loses_nothing(command, taken, images):
    done = command("predict", taken.folder, "photos", "broken.png", columns=30)
    assert all(len(line) <= 30 for line in done.stdout.splitlines())
    head, *rows = done.stdout.splitlines()
    width = head.index("class")
    assert "photos/0.pngphotos/1.png" in "".join(row[:width].rstrip() for row in rows)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{taken}", "empty"], "there is no image in empty: name image files, or folders of them"),
        (["empty", "photos"], "empty is no winner's folder, as there is no empty/model.json"),
        (["{taken}", "photos", "-o", "broken.png"], "there is a file broken.png already"),
        (["{taken}", "photos", "-o", "x.csv", "-f", "table"], "--output writes CSV: leave out"),
        (["{taken}", "photos", "--backend", "absent"], "backend absent can't run here"),
        (["{taken}"], "missing argument 'IMAGE...'"),
    ],
)
def test_what_cant_be_done_is_a_sentence(command, taken, images, arguments, said):
    (images / "empty").mkdir()
    done = command("predict", *(x.replace("{taken}", str(taken.folder)) for x in arguments))
    assert done.returncode == 2
    assert done.stderr.startswith(f"cnnbench: {said}"), done.stderr
    assert done.stdout == ""
