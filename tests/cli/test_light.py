"""The command line stays light: what each quick command must not import."""

import json
import subprocess
import sys

import pytest

FRAMEWORKS = {"torch", "tensorflow", "jax", "keras"}
HEAVY = FRAMEWORKS | {"pandas", "scipy", "sklearn", "cv2", "matplotlib", "jinja2"}
LIGHT = [
    "--help",
    "--version",
    "run --help",
    "compare --help",
    "gate --help",
    "report --help",
    "look --help",
    "pick --help",
    "predict --help",
    "explain --help",
    "export --help",
    "recipes",
    "schema",
    "plugins",
    "describe recipe.toml",
]
IMPORTED = """
import json, sys
from cnnbench.cli import main

packages = set()
for line in sys.argv[1:]:
    sys.argv = ["cnnbench", *line.split()]
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    more = {name.partition(".")[0] for name in sys.modules} - packages
    packages |= more
    print("\\nIMPORTED", json.dumps([line, code, *more]))
"""


def imported_by(folder, *lines):
    """By command line, the top-level packages it imported and none before it, all in one process.

    recipe.toml of the folder is a recipe.
    """
    (folder / "recipe.toml").write_text(
        '[data]\nsource = "mnist5k"\n[augmentation]\nrotation = 0.1\n'
    )
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *lines],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    told = [x.removeprefix("IMPORTED ") for x in done.stdout.splitlines() if "IMPORTED" in x]
    ended = {line: (code, set(packages)) for line, code, *packages in map(json.loads, told)}
    assert [*ended] == [*lines]
    assert {code for code, _ in ended.values()} == {0}, done.stdout + done.stderr
    return {line: packages for line, (_, packages) in ended.items()}


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    return imported_by(tmp_path_factory.mktemp("light"), *LIGHT)


@pytest.mark.parametrize("line", LIGHT)
def test_imports_neither_a_framework_nor_pandas(imported, line):
    assert not imported[line] & HEAVY


@pytest.mark.slow
def test_looking_at_images_imports_no_framework(tmp_path):
    line = "look recipe.toml -o look.svg"
    assert not imported_by(tmp_path, line)[line] & (FRAMEWORKS | {"pandas"})
    assert (tmp_path / "look.svg").stat().st_size


def test_the_package_itself_imports_next_to_nothing():
    code = "import cnnbench, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not set(result.stdout.split()) & (HEAVY | {"numpy", "pydantic", "rich", "typer"})
