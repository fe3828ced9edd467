from __future__ import annotations

from pathlib import Path

import pytest

from cnnbench.errors import ResultsError
from cnnbench.results.layout import study_folder


@pytest.mark.parametrize("name", ["", ".", "..", "../elsewhere", "a/b", "/root", "a\\b", "a\0b"])
def test_no_name_of_a_recipe_or_backend_leads_out_of_the_results(name):
    with pytest.raises(ResultsError, match="give the recipe's file another name"):
        study_folder(Path("results"), name, "torch")
    with pytest.raises(ResultsError, match="give the backend another name"):
        study_folder(Path("results"), "mnist", name)


@pytest.mark.parametrize("name", ["...", "..a", ".hidden", "a:b", "größer", "records.jsonl"])
def test_any_other_name_is_a_folder_in_the_results(name):
    assert study_folder(Path("results"), name, "torch") == Path("results") / name / "torch"
