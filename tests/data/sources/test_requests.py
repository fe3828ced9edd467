"""From `source = "NAME:ARGUMENT"` to a request."""

from pathlib import Path

import pytest

from cnnbench.data.sources.requests import request_of
from cnnbench.data.sources.source import Request
from cnnbench.data.spec import DataSpec
from cnnbench.errors import DataError


def test_what_changes_the_pixels_is_in_the_request():
    spec = DataSpec(source="keras:cifar10", image_size=(32, 24), color="grey", unreadable="error")
    assert request_of(spec) == ("keras", Request("cifar10", (32, 24), "grey", "error"))


def test_requests_that_differ_in_splits_only_are_equal():
    first = request_of(DataSpec(source="digits", train=10, normalization="none"))
    assert first == request_of(DataSpec(source="digits", test=5))
    assert len({first[1], Request()}) == 1


@pytest.mark.parametrize("path", ["photos", "./photos/", "x/../photos"])
def test_ways_to_write_a_path_come_to_the_same(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name, request = request_of(DataSpec(source=f"folder:{path}"))
    assert name == "folder"
    assert Path(request.argument) == Path.cwd() / "photos"


def test_a_tilde_is_the_home_folder():
    assert request_of(DataSpec(source="npz:~/a.npz"))[1].argument == str(Path.home() / "a.npz")


def test_a_drive_letter_or_a_second_colon_stays_in_the_argument():
    assert request_of(DataSpec(source="plugin:C:/x"))[1].argument == "C:/x"


@pytest.mark.parametrize("source", ["", ":x", "folder", "folder:", "npz:"])
def test_a_missing_name_or_path_is_refused(source):
    with pytest.raises(DataError) as error:
        request_of(DataSpec(source=source))
    assert error.value.key == "source"
