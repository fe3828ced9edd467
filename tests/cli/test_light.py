"""The command line stays light: what each quick command must not import."""

import subprocess
import sys

import pytest

FRAMEWORKS = {"torch", "tensorflow", "jax", "keras"}
HEAVY = FRAMEWORKS | {"pandas", "scipy", "sklearn", "cv2", "matplotlib", "jinja2"}


def imported_by(*arguments):
    """Top-level packages in sys.modules when the command has ended."""
    code = (
        "import sys\n"
        f"sys.argv = ['cnnbench', *{arguments!r}]\n"
        "from cnnbench.cli import main\n"
        "try:\n    main()\n"
        "finally:\n"
        "    print('\\nMODULES', *{name.partition('.')[0] for name in sys.modules})\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return set(result.stdout.rpartition("MODULES")[2].split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("run", "--help"),
        ("compare", "--help"),
        ("gate", "--help"),
        ("report", "--help"),
        ("look", "--help"),
        ("pick", "--help"),
        ("predict", "--help"),
        ("explain", "--help"),
        ("export", "--help"),
        ("recipes",),
        ("schema",),
        ("plugins",),
    ],
    ids=" ".join,
)
def test_imports_neither_a_framework_nor_pandas(arguments):
    assert not imported_by(*arguments) & HEAVY


def test_describing_a_recipe_imports_no_framework(tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('[data]\nsource = "mnist5k"\n')
    assert not imported_by("describe", str(recipe)) & HEAVY


def test_looking_at_images_imports_no_framework(tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('[data]\nsource = "mnist5k"\n[augmentation]\nrotation = 0.1\n')
    picture = tmp_path / "look.svg"
    assert not imported_by("look", str(recipe), "-o", str(picture)) & (FRAMEWORKS | {"pandas"})
    assert picture.stat().st_size


def test_the_package_itself_imports_next_to_nothing():
    code = "import cnnbench, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not set(result.stdout.split()) & (HEAVY | {"numpy", "pydantic", "rich", "typer"})
