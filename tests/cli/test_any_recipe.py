"""Whatever becomes of a recipe, the command line answers: with exit code 0, 1 or 2."""

import contextlib
import io
import sys
import time
from pathlib import Path
from typing import get_args

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, event, given, settings

from cnnbench.cli import main
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.file import Header, fields_of
from cnnbench.recipe.setting import dotted

pytestmark = [pytest.mark.slow, pytest.mark.fuzz, pytest.mark.usefixtures("scripted_path")]

FILES = sorted(Path("recipes").resolve().glob("*.toml"))
SHIPPED = [path.read_text() for path in FILES]
FIELDS = {dotted(key): x for model in (Header, Configuration) for key, x in fields_of(model)}
KEYS = list(FIELDS)
VALUES = [
    *("0", "1", "2", "-1", "0.5", "-0.0", "1e-320", "1e308", "nan", "inf", "true"),
    *('""', '"=1+1"', r'"a\u0000b"', '"[red]"', r'"\u001b[31m"', f'"{"x" * 300}"', "07:32:00"),
    *("{}", "[]", "[[]]", "[1]", "[8,8]", "[0.5,0.5]", '["1","2"]', "[true]", "{a=1}"),
    *('[{type="flatten"}]', '[{type="dense",units=3}]', "1979-05-27", '"digits"', '"scenes"'),
    *('"folder:/dev"', '"npz:/dev/zero"', '"folder:."', "9223372036854775808", "9" * 12),
    *("9" * 400, "9" * 5000, "0x" + "F" * 9000, "1000000", "4096", "[4096,4096]"),
    *("[" * 3000, "[" * 150 + "]" * 150, "{a=" * 150 + "1" + "}" * 150),
]
PIECES = [
    "[[",
    "]]",
    '"',
    "'''",
    "=",
    "#",
    "\n",
    "\r",
    "\ufeff",
    "\x00",
    ".",
    ",",
    "\u2028",
    "é",
    "€",
]
FITTING = ["0", "1", "2", "3", "7", "0.5", "0.1", "1e-6", "9e37", "1000", "100000", "true", "false"]
FITTING += [
    "[8]",
    "[1, 1]",
    "[100000, 100000]",
    "[0.0, 0.1]",
    "[2, 3]",
    '["1", "2"]',
    '["1", "3", "5"]',
]
SECONDS = 5
"""An answer that takes longer is printed, not refused: machines differ."""


@st.composite
def texts(draw):
    """A shipped recipe with a few lines, pieces or values changed, each in its own way."""
    lines = draw(st.sampled_from(SHIPPED)).splitlines()
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(
            st.sampled_from([_piece, _line, _swap, _value, _value, _value, _key, _key, _nest])
        )
        lines = kind(draw, lines)
    return "\n".join(lines)


def _at(draw, lines):
    return draw(st.integers(0, max(0, len(lines) - 1)))


def _piece(draw, lines):
    at = _at(draw, lines)
    where = draw(st.integers(0, len(lines[at]))) if lines else 0
    changed = lines[at][:where] + draw(st.sampled_from(PIECES)) + lines[at][where:]
    return [*lines[:at], changed, *lines[at + 1 :]]


def _line(draw, lines):
    """One line gone, or there twice."""
    at = _at(draw, lines)
    return [*lines[:at], *lines[at : at + 1] * draw(st.sampled_from([0, 2])), *lines[at + 1 :]]


def _swap(draw, lines):
    one, other = _at(draw, lines), _at(draw, lines)
    lines = [*lines]
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def _value(draw, lines):
    """Another value for a key that is there."""
    held = [index for index, line in enumerate(lines) if "=" in line]
    if not held:
        return lines
    at = draw(st.sampled_from(held))
    changed = f"{lines[at].partition('=')[0]}= {draw(st.sampled_from(VALUES))}"
    return [*lines[:at], changed, *lines[at + 1 :]]


def _key(draw, lines):
    """Another key, at the top or in a variant of its own, where its section may be dotted."""
    line = f"{draw(st.sampled_from([*KEYS, 'typo', 'extends']))} = {draw(st.sampled_from(VALUES))}"
    if draw(st.booleans()):
        return [line, *lines]
    name = draw(st.sampled_from(VALUES))
    return [*lines, draw(st.sampled_from(["[[variant]]", "[matrix]"])), f"name = {name}", line]


def _nest(draw, lines):
    depth = draw(st.sampled_from([3, 60, 199, 900]))
    return [
        *lines,
        f"[{'.'.join([draw(st.sampled_from(['network', 'data', 'a'])), *'a' * depth])}]",
    ]


@st.composite
def fitting(draw):
    """A key with a value of its own kind, as it is typed after --set: many of them can be run."""
    key = draw(st.sampled_from(KEYS))
    choices = [f'"{choice}"' for choice in get_args(FIELDS[key].annotation) if type(choice) is str]
    return f"{key}={draw(st.sampled_from(choices or FITTING))}"


OVERRIDES = st.lists(
    st.tuples(
        st.sampled_from([*KEYS, "matrix.network.kernel", "typo", "", ".".join("a" * 300)]),
        st.sampled_from(VALUES) | st.text(max_size=20),
    ).map("=".join),
    max_size=2,
)
COMMANDS = (["describe"], ["run", "--dry-run", "--backend", "scripted"])


def answered(arguments):
    """Give a recipe and options to each command that reads it without training."""
    for command in COMMANDS:
        code, seconds = answer([*command, *arguments])
        event(f"{command[0]} ended with {code}")
        assert code in (0, 1, 2), code
        if seconds > SECONDS:
            print(f"{seconds:.1f} s: cnnbench {' '.join([*command, *arguments])}")


@given(st.sampled_from(FILES), st.lists(fitting(), min_size=1, max_size=4))
@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_recipe_with_other_values_is_answered(tmp_path, path, overrides):
    options = [part for text in overrides for part in ("--set", text)]
    answered([str(path), *options])


@given(texts(), OVERRIDES)
@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_damaged_recipe_is_answered(tmp_path, text, overrides):
    path = tmp_path / "any.toml"
    path.write_bytes(text.encode())
    options = [part for text in overrides for part in ("--set", text)]
    answered([str(path), *options])


def answer(arguments):
    """The exit code and the time of a command line; what it raises beside that is raised."""
    given, sys.argv = sys.argv, ["cnnbench", *arguments]
    begun = time.monotonic()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            main()
    except SystemExit as ended:
        return ended.code or 0, time.monotonic() - begun
    finally:
        sys.argv = given
    return 0, time.monotonic() - begun
