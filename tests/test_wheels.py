"""What is installed from wheels, in a folder that holds nothing else, does a study to its end."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DISTRIBUTIONS = [ROOT, *sorted(x.parent for x in ROOT.glob("plugins/*/pyproject.toml"))]
LINK = re.compile(r"\]\(([^)]+)\)")
HERE = "python -c 'import cnnbench, cnnbench_{0}; print(cnnbench.__file__, cnnbench_{0}.__file__)'"


@pytest.mark.framework
def test_wheels_run_compare_and_report_without_a_clone(workshop):
    workshop.run(
        "python -m pip wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir wheels "
        + " ".join(map(str, DISTRIBUTIONS))
    )
    wheels = sorted((workshop.folder / "wheels").glob("*.whl"))
    assert len(wheels) == len(DISTRIBUTIONS) == 8
    for wheel in wheels:
        names = zipfile.ZipFile(wheel).namelist()
        assert any(x.endswith(".dist-info/licenses/LICENSE") for x in names), wheel
        assert not any(x.startswith("tests/") for x in names), wheel
        page = (
            zipfile.ZipFile(wheel).read(next(x for x in names if x.endswith("METADATA"))).decode()
        )
        assert [x for x in LINK.findall(page) if not x.startswith("https://")] == [], wheel
    workshop.run("python -m pip install --no-deps wheels/*.whl")
    for module in ("keras", "mlflow", "ray", "scenes", "submitit", "torch_native", "wandb"):
        places = workshop.run(HERE.format(module)).split()
        home = str(workshop.bin.parent)
        assert all(place.startswith(home) for place in places), places

    shown = workshop.run("cnnbench run smoke --backend torch-native", timeout=500)
    assert "0 recorded" in shown
    assert "difference" in shown
    compared = workshop.run("cnnbench compare results")
    assert "smoke on torch-native" in compared
    workshop.run("cnnbench report results")
    assert "<html" in (workshop.folder / "report.html").read_text(encoding="utf-8")
