"""`cnnbench look` as a user gives it."""

from functools import partial

import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

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
def look(command, tmp_path):
    (tmp_path / "tiny.toml").write_text(RECIPE)
    return partial(command, "look")


@pytest.mark.slow
def test_it_writes_a_picture_and_says_what_the_images_are(look, tmp_path):
    done = look("tiny.toml")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("1,797 images of 8x8x1 in 10 classes: 0 178, 1 182, 2 177")
    assert "augmented in 1 of 2 variants: turned" in lines
    noted = "the source noted no duplicates, unreadable files or extreme sizes"
    assert lines[-2:] == [f"note: {noted}", "wrote look.png"]
    assert (tmp_path / "look.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_name_decides_the_format(look, tmp_path):
    assert look("tiny.toml", "-o", "images.PDF").returncode == 0
    assert (tmp_path / "images.PDF").read_bytes().startswith(b"%PDF")


def test_a_name_of_no_format_is_refused_in_a_sentence_before_anything_is_read(look):
    done = look("missing.toml", "-o", "look.gif")
    assert done.returncode == 2
    assert done.stderr == ("cnnbench: look.gif names no format of pictures; use svg, pdf, png\n")


@pytest.mark.slow
def test_a_file_that_is_there_is_replaced_by_force_alone(look, tmp_path):
    (tmp_path / "look.png").write_text("mine")
    done = look("tiny.toml")
    assert done.returncode == 2
    assert done.stderr.startswith("cnnbench: there is a file look.png already")
    assert (tmp_path / "look.png").read_text() == "mine"
    assert look("tiny.toml", "--force").returncode == 0
    assert (tmp_path / "look.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_link_is_followed_and_stays(look, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "look.png").symlink_to(tmp_path / "there" / "real.png")
    assert look("tiny.toml").returncode == 0
    assert (tmp_path / "look.png").is_symlink()
    assert (tmp_path / "there" / "real.png").stat().st_size


@pytest.mark.slow
def test_where_nothing_can_be_written_a_sentence_says_so(look):
    done = look("tiny.toml", "-o", "nowhere/look.png")
    assert done.returncode == 2
    assert "can't be written to nowhere/look.png: it does not exist" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_photos_that_are_almost_alike_are_listed_and_written_as_groups(look, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    china, flower = load_sample_images().images
    for name, photo in (("china", china), ("flower", flower)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for place in range(8):
            window = photo[10:140, 60 * place : 60 * place + 130]
            Image.fromarray(window).save(tmp_path / "photos" / name / f"{place}.png")
        moved = Image.fromarray(photo[11:141, 0:130])
        moved.save(tmp_path / "photos" / name / "0again.png")
    (tmp_path / "photos.toml").write_text(
        '[data]\nsource = "folder:photos"\nimage_size = [64, 64]\n[network]\nfilters = [4]\n'
    )
    done = look("photos.toml", "--groups", "groups.csv")
    assert (done.returncode, done.stderr) == (0, "")
    listed = [line for line in done.stdout.splitlines() if line.startswith("almost alike: ")]
    assert "almost alike: flower/0.png, flower/0again.png" in listed
    told = "wrote groups.csv; to keep these images together: --set data.groups=groups.csv"
    assert done.stdout.splitlines()[-1] == told
    again = look("photos.toml", "--force", "--set", "data.groups=groups.csv")
    assert again.returncode == 0
    assert "almost" not in again.stdout
    assert " in 2 classes and " in again.stdout


def test_a_table_of_groups_has_the_name_of_one(look):
    done = look("tiny.toml", "--groups", "groups.txt")
    assert done.returncode == 2
    assert done.stderr == "cnnbench: groups.txt is no name of a table of groups; end it with .csv\n"
