"""`cnnbench look` as a user gives it."""

import subprocess
import sys

import pytest

RECIPE = """
[data]
source = "digits"
[network]
filters = [4]
[[variant]]
name = "plain"
[[variant]]
name = "turned"
augmentation.rotation = 0.1
"""


@pytest.fixture
def look(tmp_path):
    (tmp_path / "tiny.toml").write_text(RECIPE)

    def look(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "cnnbench", "look", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )

    return look


def test_it_writes_a_picture_and_says_what_the_images_are(look, tmp_path):
    done = look("tiny.toml")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("1,797 images of 8x8x1 in 10 classes: 0 178, 1 182, 2 177")
    assert "augmented in 1 of 2 variants: turned" in lines
    noted = "the source noted no duplicates, unreadable files or extreme sizes"
    assert lines[-2:] == [f"note: {noted}", "wrote look.png"]
    assert (tmp_path / "look.png").read_bytes().startswith(b"\x89PNG")


def test_the_name_decides_the_format(look, tmp_path):
    assert look("tiny.toml", "-o", "images.PDF").returncode == 0
    assert (tmp_path / "images.PDF").read_bytes().startswith(b"%PDF")


def test_a_name_of_no_format_is_refused_in_a_sentence_before_anything_is_read(look):
    done = look("missing.toml", "-o", "look.gif")
    assert done.returncode == 2
    assert done.stderr == ("cnnbench: look.gif names no format of pictures; use svg, pdf, png\n")


def test_a_file_that_is_there_is_replaced_by_force_alone(look, tmp_path):
    (tmp_path / "look.png").write_text("mine")
    done = look("tiny.toml")
    assert done.returncode == 2
    assert done.stderr.startswith("cnnbench: there is a file look.png already")
    assert (tmp_path / "look.png").read_text() == "mine"
    assert look("tiny.toml", "--force").returncode == 0
    assert (tmp_path / "look.png").read_bytes().startswith(b"\x89PNG")


def test_a_link_is_followed_and_stays(look, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "look.png").symlink_to(tmp_path / "there" / "real.png")
    assert look("tiny.toml").returncode == 0
    assert (tmp_path / "look.png").is_symlink()
    assert (tmp_path / "there" / "real.png").stat().st_size


def test_where_nothing_can_be_written_a_sentence_says_so(look):
    done = look("tiny.toml", "-o", "nowhere/look.png")
    assert done.returncode == 2
    assert "can't be written to nowhere/look.png: it does not exist" in done.stderr
    assert "Traceback" not in done.stderr
