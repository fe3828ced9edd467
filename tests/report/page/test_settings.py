from pathlib import Path

import pytest

from cnnbench.report.chapters import read_book
from cnnbench.report.page.settings import settings_of

REFERENCE = Path(__file__).parents[3] / "results" / "reference"


@pytest.mark.usefixtures("without_cache")
def test_keys_that_came_later_are_no_differences_from_older_records():
    book = read_book([REFERENCE / "augmentation"])
    (chapter,) = book.chapters
    own = dict(settings_of(chapter).own)
    assert own["random_erasing"] == (("augmentation.random_erasing", "0.5"),)
    assert own["rotation"] == (("augmentation.rotation", "0.05"),)
