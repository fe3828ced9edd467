"""A class that is spoken of means one thing: each public name stands for one class."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import cnnbench

PACKAGE = Path(cnnbench.__file__).parent


def public_classes(code: str) -> Iterator[str]:
    for node in ast.parse(code).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def test_each_public_class_has_a_name_of_its_own():
    places = defaultdict(list)
    for file in PACKAGE.rglob("*.py"):
        for name in public_classes(file.read_text(encoding="utf-8")):
            places[name].append(file.relative_to(PACKAGE).as_posix())
    assert len(places) > 100
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
