"""What a plugin needs of cnnbench is in `cnnbench.plugin` and `cnnbench.testing`."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import cnnbench

PACKAGE = Path(cnnbench.__file__).parent
ROOT = Path(__file__).parents[2]
PUBLIC = {"cnnbench.plugin", "cnnbench.testing"}
NAME = r"cnnbench(?:\.\w+)*"
PLUGINS = sorted((ROOT / "plugins").glob("*/**/*.py"))


def used(code: str) -> Iterator[str]:
    """The modules of cnnbench that the code imports, or names in a string as Python does."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (x.name for x in node.names if re.match(r"cnnbench(\.|$)", x.name))
        elif isinstance(node, ast.ImportFrom) and re.match(r"cnnbench(\.|$)", node.module or ""):
            whole = node.module == "cnnbench"
            yield from (f"cnnbench.{x.name}" if whole else str(node.module) for x in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(rf"(?m)^\s*(?:from|import) ({NAME})(?: import|$)", node.value)
            yield from re.findall(rf"^{NAME}\.\w+\.\w+$", node.value)


@pytest.mark.parametrize("file", PLUGINS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_the_plugins_and_their_tests_use_what_every_plugin_may(file):
    assert set(used(file.read_text(encoding="utf-8"))) <= PUBLIC


@pytest.mark.parametrize(
    "code",
    [
        "from cnnbench.errors import DataError",
        "import cnnbench.plugin.backend",
        "from cnnbench import data",
        "run('from cnnbench.loading.manager import load_plugins')",
        "patch('cnnbench.plugin.surroundings.find_spec')",
    ],
)
def test_what_is_not_promised_is_noticed(code):
    assert not set(used(code)) <= PUBLIC


def test_the_contract_on_imports_names_every_other_part():
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = content["tool"]["importlinter"]["contracts"]
    (forbidden,) = (x["forbidden_modules"] for x in contracts if x["name"].startswith("Plugins "))
    parts = {x.stem for x in PACKAGE.iterdir() if x.suffix == ".py" or (x / "__init__.py").exists()}
    others = {f"cnnbench.{part}" for part in parts - {"__init__", "plugin", "testing"}}
    assert set(forbidden) == others | {f"{module}.*" for module in PUBLIC}


@pytest.mark.slow
@pytest.mark.parametrize("module", sorted(PUBLIC))
def test_every_name_that_is_promised_is_there(module):
    code = f"import {module} as m; print(all(hasattr(m, name) for name in m.__all__))"
    assert python(code) == "True"


def test_what_every_plugin_imports_is_light():
    loaded = set(python("import sys, cnnbench.plugin; print(*sys.modules)").split())
    heavy = {"cv2", "jinja2", "matplotlib", "pandas", "PIL", "rich", "scipy", "sklearn", "typer"}
    assert heavy.isdisjoint(loaded)
    # Nor what it never uses of cnnbench: the built-in sources, executors and reports.
    others = ("data.sources.folder", "execution", "loading", "report", "comparison", "training")
    assert {f"cnnbench.{other}" for other in others}.isdisjoint(loaded)


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()
