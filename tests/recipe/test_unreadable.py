"""What is no TOML, extends nothing, is nested too deeply or goes on without end."""

import pytest

from cnnbench.errors import RecipeError

TENS = '[data]\nsource = "tens"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[data\n", "study.toml:1: not valid TOML: Expected ']' at the end of a table"),
        (
            "[data]\nsource = mnist5k\n",
            "study.toml:2: not valid TOML: Invalid value (column 10); t",
        ),
        ("[data]\nsource = \n", "study.toml:2: not valid TOML: Invalid value"),
        (
            '[data]\nsource = "a"\nsource = "b"\n',
            "study.toml:3: not valid TOML: Cannot overwrite a",
        ),
        ("[data]\n[data]\n", "study.toml:2: not valid TOML: Cannot declare ('data',) twice"),
        (
            "[data]\nwords\n",
            "study.toml:2: not valid TOML: Expected '=' after a key in a key/value",
        ),
        ('[data]\nsource = """a\n', "study.toml:2: not valid TOML: Unterminated string"),
        (f"x = {'[' * 9999}", "study.toml: lists or tables are nested too deeply"),
        (f"seed = {'1' * 9999}", "study.toml: not valid TOML: Exceeds the limit"),
    ],
)
def test_broken_toml_is_told_with_its_line(problems, text, expected):
    (problem,) = problems(text)
    assert problem.startswith(expected)


def test_a_missing_parent_and_a_circle_are_told_where_they_are_named(problems, write):
    (problem,) = problems('title = "x"\nextends = "parnt.toml"\n')
    assert problem.startswith("study.toml:2: extends: there is no file parnt.toml")
    (problem,) = problems("extends = 3\n")
    assert problem.startswith("study.toml:1: extends: 3 is not the name of a recipe file")
    (problem,) = problems('extends = "."\n')
    assert problem.startswith("study.toml:1: extends: '.' is a folder, not a recipe file")
    (problem,) = problems('extends = "study.toml"\n')
    assert problem.startswith("study.toml:1: extends: 'study.toml' leads back to study.toml")
    write('\nextends = "study.toml"\n', "other.toml")
    (problem,) = problems('extends = "other.toml"\n')
    assert problem.startswith("other.toml:2: extends: 'study.toml' leads back to study.toml")
    write("[data\n", "broken.toml")
    (problem,) = problems('extends = "broken.toml"\n')
    assert problem.startswith("broken.toml:1: not valid TOML")


@pytest.mark.parametrize("depth", [33, 199, 400, 3000])
@pytest.mark.parametrize(
    "nested",
    [
        "network.layers = {open}{close}",
        "network.x = {tables}",
        "[network.{parts}]",
        "network.{parts} = 1",
    ],
)
def test_what_is_nested_too_deeply_is_told(problems, nested, depth):
    text = nested.format(
        open="[" * depth,
        close="]" * depth,
        tables="{a=" * depth + "1" + "}" * depth,
        parts=".".join("a" * depth),
    )
    assert len(found := problems(f"{TENS}{text}\n")) == 1
    assert "nested too deeply, more than 32 levels" in found[0]
    if nested.startswith("network."):
        (found,) = problems(TENS, text.replace(" = ", "=", 1))
        assert "nested too deeply" in found or "expected KEY=VALUE" in found


def test_of_many_mistakes_the_first_are_told_and_the_others_counted(load, write):
    lines = "".join(f"key_{index} = 1\n" for index in range(300))
    with pytest.raises(RecipeError) as caught:
        load(f"{TENS}[network]\n{lines}")
    told = str(caught.value).splitlines()
    assert len(told) == 21
    assert told[0].startswith("study.toml:4: network.key_0: unknown key")
    assert told[-1] == "... and 280 more"


def test_a_value_of_any_length_is_quoted_in_part(problems):
    (problem,) = problems(f'{TENS}[network]\n{"k" * 50_000} = "{"v" * 50_000}"\n')
    assert len(problem) < 3000
