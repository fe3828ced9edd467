"""A wrong value is told with its key, what is allowed and what was probably meant."""

import pytest

TENS = '[data]\nsource = "tens"\n'


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "dropuot = 0.5",
            ["network.dropuot: unknown key; did you mean 'dropout'? allowed: architecture"],
        ),
        ("epochs = 3", ["network.epochs: unknown key; did you mean 'training.epochs'?"]),
        (
            "patience = 3",
            ["did you mean 'training.schedule.patience' or 'training.early_stopping.patience'?"],
        ),
        ("replicates = 3", ["network.replicates: unknown key; it stands at the top, above"]),
        ("qqqq = 3", ["network.qqqq: unknown key; allowed: architecture,"]),
        (
            'padding = "sam"',
            ["network.padding: got \"sam\", expected one of valid, same; did you mean 'same'?"],
        ),
        ('padding = "QQ"', ['network.padding: got "QQ", expected one of valid, same']),
        (
            "padding = true",
            ["network.padding: got true (a truth value), expected one of valid, same"],
        ),
        (
            'final_pool = "True"',
            [
                (
                    'network.final_pool: got "True" (text), expected true or false; '
                    "write it in small letters and without quotes: true"
                )
            ],
        ),
        (
            'dropout = "0.5"',
            ['got "0.5" (text), expected a number of at least 0 and below 1; write it without'],
        ),
        (
            "dropout = 1.0",
            ["got 1.0 (a decimal number), expected a number of at least 0 and below 1 (after each"],
        ),
        (
            "filters = 32",
            [
                (
                    "network.filters: got 32 (a whole number), expected a list, each a whole "
                    "number from 1 to 1000000"
                ),
                "write it in brackets: [32]",
            ],
        ),
        ("filters = [32, 0]", ["network.filters: got [32, 0] (a list), expected a list, each a"]),
        (
            "kernel = [3, 3, 3]",
            [
                (
                    "network.kernel: got [3, 3, 3] (a list), expected a whole number from 1 to "
                    "1000000, or a list of two values, each a whole number from 1 to 1000000"
                )
            ],
        ),
        ("kernel = 2.5", ["network.kernel: got 2.5 (a decimal number), expected a whole number"]),
        ("kernel = true", ["network.kernel: got true (a truth value), expected a whole number"]),
        ("kernel.height = 3", ["network.kernel: is a single value, not a table: a whole number"]),
        ("l2 = nan", ["network.l2: nan is not a number to compute with"]),
        ("filters = [32, inf]", ["network.filters: inf is not a number to compute with"]),
        ("activation = 1979-05-27", ["network.activation: got 1979-05-27 (a date or time)"]),
        ("layers = 3", ["network.layers: got 3 (a whole number), expected a list, each a table"]),
        (
            "layers = [3]",
            ["network.layers: layer 1: got 3 (a whole number), expected a table like"],
        ),
        (
            "layers = [{ filters = 3 }]",
            ["layer 1: type is required: one of conv, depthwise"],
        ),
        (
            'layers = [{ type = "convolution" }]',
            [
                'layer 1: type: got "convolution", expected one of conv, depthwise',
                "did you mean 'conv'?",
            ],
        ),
        (
            'layers = [{ type = "flatten" }, { type = "dense" }]',
            ["network.layers: layer 2 (dense): units: is required: a whole number from 1 to"],
        ),
        (
            'layers = [{ type = "conv", filters = 3, kernal = [3, 3] }]',
            ["layer 1 (conv): kernal: unknown key; did you mean 'kernel'? allowed: type, filters"],
        ),
        (
            'layers = [{ type = "conv", filters = 3, kernel = 3 }]',
            ["(conv): kernel: got 3 (a whole number), expected a list of two", "brackets: [3, 3]"],
        ),
        (
            'layers = [{ type = "pool", kind = "maxx" }]',
            ["kind: got \"maxx\", expected one of max, average; did you mean 'max'?"],
        ),
    ],
)
def test_a_wrong_line_of_a_section_is_explained(problems, line, expected):
    (problem,) = problems(f"{TENS}[network]\n# a comment\n{line}\n")
    assert problem.startswith("study.toml:5: ")
    for part in expected:
        assert part in problem


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "training.epochs",
            "--set training.epochs: expected KEY=VALUE, e.g. --set training.epochs",
        ),
        ("=3", "--set =3: expected KEY=VALUE"),
        ("a..b=3", "--set a..b=3: expected KEY=VALUE"),
        (
            "training.epochz=3",
            "--set training.epochz=3: training.epochz: unknown key; did you mean 'epochs'?",
        ),
        ("epochs=3", "--set epochs=3: epochs: unknown key; did you mean 'training.epochs'?"),
        (
            "trainig.epochs=3",
            "--set trainig.epochs=3: trainig.epochs: unknown key; did you mean 'tra",
        ),
        (
            "seed=3\nreplicates = 4",
            '--set seed=3\nreplicates = 4: seed: got "3\\nreplicates = 4" (text), expected a',
        ),
        ("replicates=two", '--set replicates=two: replicates: got "two" (text), expected a whole'),
        ("seed.x=1", "--set seed.x=1: seed.x: is a single value, not a table"),
        ("extends=a.toml", "--set extends=a.toml: extends: can't be set on the command line"),
        ("variant=[]", "--set variant=[]: variant: can't be set on the command line"),
        (
            "network=3",
            "--set network=3: network: got 3 (a whole number), expected a table with keys",
        ),
        (
            "data.classes=[a, b]",
            (
                '--set data.classes=[a, b]: data.classes: got "[a, b]" (text), expected a list, '
                'each text in quotes; text inside a list needs quotes too: ["a", "b"]'
            ),
        ),
        (
            "network.kernel=20",
            "--set network.kernel=20: network.kernel: conv_2 has a kernel of 20x20",
        ),
        ("baseline=x", "--set baseline=x: baseline: there is no variant 'x'; variants: default"),
    ],
)
def test_a_wrong_override_is_named_as_it_was_typed(problems, override, expected):
    (problem,) = problems(TENS, override)
    assert problem.startswith(expected)


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("network.filters=16,32", "write it in brackets: [16, 32]"),
        ("data.image_size=64x64", "write it in brackets: [64, 64]"),
        ("data.image_size=64 48", "write it in brackets: [64, 48]"),
        ("data.image_size=64", "write it in brackets: [64, 64]"),
        ("data.classes=1,2", 'write it in brackets: ["1", "2"]'),
        ("data.classes=[3,4]", 'text goes in quotes: ["3", "4"]'),
        ("data.classes=3", 'write it in brackets: ["3"]'),
        ('network.filters=["8"]', "write numbers without quotes: [8]"),
        ("data.train=50%", "write it as a fraction: 0.5"),
        ("data.train=.5", "write it as a number: 0.5"),
        ("network.dropout=0,5", "write it as a number: 0.5"),
        ("network.dropout=50 %", "write it as a fraction: 0.5"),
        ("network.final_pool=True", "write it in small letters and without quotes: true"),
        (
            "network.filters=[16,",
            "the closing bracket is missing; in a shell an option with spaces goes in quotes",
        ),
    ],
)
def test_a_value_that_can_be_guessed_is_written_out(problems, override, hint):
    (problem,) = problems(TENS, override)
    assert problem.endswith(f"; {hint}")


@pytest.mark.parametrize("override", ["network.filters=many", "data.train=500%", "data.train=-1"])
def test_no_hint_is_given_that_would_be_wrong_too(problems, override):
    (problem,) = problems(TENS, override)
    assert "write" not in problem
