import tomllib

import hypothesis.strategies as st
import pytest
from hypothesis import given

from cnnbench.recipe.lines import locate

DOCUMENT = '''\
# a comment with = and [brackets]
title = "a # that is no comment"
text = """
[not.a.table]
key = 1 \\""" still inside
""""
raw = \'\'\'
x = 1\'\'\' # comment
dotted.key . "quoted.part" = 1

[training]  # comment
epochs = 5
schedule = { kind = "cosine", minimum = 0.0 }
list = [
  1,  # the first
  [2, 3],
  { a = 1, b = [
    "]",
  ] },
]

[training.early_stopping]
patience = 3

[[variant]]
name = "one"
network.dropout = 0.5

[[variant]]
name = "two"
[variant.training]
started = 1979-05-27 07:32:00
[[variant.network.layers]]
type = "conv"
[[variant.network.layers]]
type = "flatten"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("text",), 3),
        (("raw",), 7),
        (("dotted", "key", "quoted.part"), 9),
        (("training",), 11),
        (("training", "epochs"), 12),
        (("training", "schedule", "minimum"), 13),
        (("training", "list", 0), 15),
        (("training", "list", 1, 1), 16),
        (("training", "list", 2, "b", 0), 18),
        (("training", "early_stopping"), 22),
        (("training", "early_stopping", "patience"), 23),
        (("variant", 0), 25),
        (("variant", 0, "network", "dropout"), 27),
        (("variant", 1, "name"), 30),
        (("variant", 1, "training", "started"), 32),
        (("variant", 1, "network", "layers", 0, "type"), 34),
        (("variant", 1, "network", "layers", 1), 35),
        (("variant", 1, "network", "layers", 1, "type"), 36),
    ],
)
def test_keys_are_found_on_their_lines(path, line):
    tomllib.loads(DOCUMENT)
    assert locate(DOCUMENT)[path] == line


def test_line_endings_of_windows_change_nothing():
    assert locate(DOCUMENT.replace("\n", "\r\n")) == locate(DOCUMENT)


def test_a_table_may_be_implied_before_it_is_opened():
    assert locate("[a.b]\nx = 1\n[a]\ny = 2\n")["a",] == 1


def test_an_empty_document_has_no_keys():
    assert locate("# nothing\n") == {}


names = st.from_regex(r"[a-z0-9_-]{1,5}", fullmatch=True)
quoted = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\"'\\"), min_size=1
)
keys = st.one_of(names, quoted.map(lambda text: f'"{text}"'), quoted.map(lambda text: f"'{text}'"))
spaces = st.sampled_from(["", " ", "\t"])
strings = st.sampled_from(
    [
        '""',
        "''",
        '"a # b"',
        "'[x]'",
        '"""a\n[b]\nc = 1"""',
        "'''\n'' \n'''",
        '"""\n\\"""""\n"""""',
        '"\\""',
    ]
)
scalars = st.sampled_from(["1", "-2.5e3", "true", "inf", "1979-05-27 07:32:00", "07:32:00"])


def arrays(values):
    gaps = st.sampled_from(["", " ", "\n", " # ], =\n", "\n\n  "])
    return st.tuples(st.lists(st.tuples(gaps, values, gaps)), gaps).map(
        lambda parts: "[" + "".join(f"{a}{v}{b}," for a, v, b in parts[0]) + parts[1] + "]"
    )


def inline_tables(values):
    return st.lists(st.tuples(names, values), unique_by=lambda pair: pair[0]).map(
        lambda pairs: "{" + ", ".join(f"{k} = {v}" for k, v in pairs) + "}"
    )


values = st.recursive(
    st.one_of(strings, scalars), lambda inner: arrays(inner) | inline_tables(inner), max_leaves=6
)
dotted = st.lists(keys, min_size=1, max_size=3).flatmap(
    lambda parts: st.tuples(spaces, spaces).map(lambda s: f"{s[0]}.{s[1]}".join(parts))
)
statements = st.one_of(
    st.tuples(dotted, values).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    dotted.map(lambda key: f"[{key}]"),
    dotted.map(lambda key: f"[[ {key} ]]"),
    st.sampled_from(["", "# comment = [", "   "]),
)


def paths(value, above=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*above, key)
            yield from paths(item, (*above, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield (*above, index)
            yield from paths(item, (*above, index))


@pytest.mark.slow
@given(st.lists(st.tuples(statements, st.sampled_from(["", " # [x] = 'y'", "\t"])), max_size=8))
def test_every_key_that_tomllib_yields_is_located_on_a_line_that_contains_it(lines):
    kept = ""
    for statement, end in lines:  # keep what makes a valid document
        try:
            table = tomllib.loads(f"{kept}{statement}{end}\n")
        except tomllib.TOMLDecodeError:
            continue
        kept += f"{statement}{end}\n"
    table = tomllib.loads(kept)
    located = locate(kept)
    text = kept.split("\n")
    assert set(located) == set(paths(table))
    for path, line in located.items():
        if isinstance(path[-1], str):
            assert path[-1] in text[line - 1]
