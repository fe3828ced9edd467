"""A backend is found by plugin name, by module and attribute, by file and attribute."""

from __future__ import annotations

import pytest

from cnnbench.errors import PluginError
from cnnbench.testing.numpy_backend import NumpyBackend
from cnnbench.testing.target import find_backend, target_name


class Outer:
    class InnerBackend(NumpyBackend):
        pass


def make_backend():
    return NumpyBackend()


def test_a_class_in_an_installed_module_is_named_by_the_module():
    assert target_name(NumpyBackend) == "cnnbench.testing.numpy_backend:NumpyBackend"


@pytest.mark.parametrize("target", [NumpyBackend, Outer.InnerBackend, make_backend])
def test_a_named_class_or_function_is_found_again(target):
    assert find_backend(target_name(target)).name == "numpy"


def test_a_file_is_found_by_its_path(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from cnnbench.testing.numpy_backend import NumpyBackend\n"
        "class Mine(NumpyBackend):\n    name = 'mine'\n"
    )
    assert find_backend(f"{file}:Mine").name == "mine"


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("nowhere.at.all:Backend", "no backend is found at nowhere.at.all:Backend"),
        ("/nowhere.py:Backend", "no backend is found at /nowhere.py:Backend"),
        ("cnnbench.testing.numpy_backend:Numpi", "has no attribute 'Numpi'"),
        ("cnnbench.errors:Problem.__doc__", "gives a str, not a Backend"),
        ("numpi", "there is no backend 'numpi'"),
    ],
)
def test_a_wrong_name_is_answered_with_a_sentence(target, sentence):
    with pytest.raises(PluginError, match=r".") as caught:
        find_backend(target)
    assert sentence in str(caught.value)


def test_a_function_without_a_name_is_refused():
    with pytest.raises(PluginError, match="can't be found by name"):
        target_name(lambda: NumpyBackend())  # noqa: PLW0108 - the point is the lambda
