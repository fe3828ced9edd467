"""Every mistake is named with file, line, key and value, what is allowed and what is nearest."""

import pytest

from cnnbench.errors import RecipeError

TENS = '[data]\nsource = "tens"\n'
TWO = '[[variant]]\nname = "a"\n[[variant]]\nname = "b"\nnetwork.kernel = 2\n'
MANY = "".join(
    f'[[variant]]\nname = "v{number}"\ntraining.epochs = {number}\n' for number in range(1, 13)
)


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


def test_a_section_that_stands_twice_is_told_to_stand_once(problems):
    (problem,) = problems(TENS + "[training]\nepochs = 1\n[data]\ntrain = 1\n")
    assert problem.startswith("study.toml:5: not valid TOML: Cannot declare")
    assert problem.endswith("; a [section] stands once: put all its keys there")


@pytest.mark.parametrize("name", ["DATA", "Data", "dat"])
def test_a_section_of_a_wrong_name_is_one_mistake(problems, name):
    (problem,) = problems(TENS.replace("data", name))
    assert problem.startswith(f"study.toml:1: {name}: unknown key; did you mean 'data'?")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("titel = 'x'\n" + TENS, "study.toml:1: titel: unknown key; did you mean 'title'?"),
        (
            "dropout = 1\n" + TENS,
            (
                "study.toml:1: dropout: unknown key; did you mean 'network.dropout' or "
                "'transfer.head.dropout'?"
            ),
        ),
        (TENS + "[netwrok]\nx = 1\n", "study.toml:3: netwrok: unknown key; did you mean 'network'"),
        (TENS + "[netwrok]\n", "study.toml:3: netwrok: unknown key; did you mean 'network'"),
        (
            TENS + "[training]\n[training.early_stoping]\npatience = 1\n",
            "study.toml:4: training.early_stoping: unknown key; did you mean 'early_stopping'?",
        ),
        (
            "replicates = 0\n" + TENS,
            "study.toml:1: replicates: got 0, expected a whole number from",
        ),
        ("seed = -1\n" + TENS, "study.toml:1: seed: got -1, expected a whole number of at least 0"),
        ("title = 3\n" + TENS, "study.toml:1: title: got 3 (a whole number), expected text in"),
        (
            "training = 3\n" + TENS,
            "study.toml:1: training: got 3 (a whole number), expected a table",
        ),
        (
            TENS + "[training]\nearly_stopping = 5\n",
            (
                "study.toml:4: training.early_stopping: got 5 (a whole number), expected a table "
                "with keys among patience, monitor, min_delta, restore_best_weights"
            ),
        ),
        ("[training]\n", "study.toml: data.source: is required: text in quotes"),
        (
            "[data]\nsource = 3\n",
            "study.toml:2: data.source: got 3 (a whole number), expected text",
        ),
        ("[data]\ntrain = 3\n", "study.toml: data.source: is required: text in quotes"),
        ('data = "mnist5k"\n', 'study.toml:1: data: got "mnist5k" (text), expected a table'),
        ('[[data]]\nsource = "tens"\n', "study.toml:1: data: got "),
        (
            TENS + "[network]\ntraining.epochs = 3\n",
            "study.toml:4: network.training: unknown key; [training] is a section of its own",
        ),
        (
            TENS + "[network]\nfilters = [99999999999999999999999999]\n",
            "study.toml:4: network.filters[0]: a whole number beyond TOML's largest, 9,223,372,036",
        ),
        (
            TENS
            + "[matrix]\ntraining.epochs = "
            + f"{list(range(1, 101))}\nnetwork.kernel = {list(range(1, 12))}\n",
            "study.toml:4: matrix: makes 1,100 variants, more than 1,000: list fewer values",
        ),
        (
            TENS + "".join(f"[[variant]]\nname = 'v{number}'\n" for number in range(1001)),
            "study.toml:2004: variant: 1,001 [[variant]] entries are more than 1,000: leave some",
        ),
        (
            TENS
            + "[matrix]\nnetwork.kernel = [2, 3]\n"
            + "".join(f"[[variant]]\nname = 'v{number}'\n" for number in range(1001)),
            "study.toml:2006: variant: 1,001 [[variant]] entries are more than 1,000: leave some",
        ),
        (
            "training.learning_rate = 0x" + "F" * 5000 + "\n" + TENS,
            "study.toml:1: training.learning_rate: a whole number beyond TOML's largest, 9,223",
        ),
        (
            TENS + "[training]\nlearning_rate = 1e39\n",
            "study.toml:4: training.learning_rate: 1e+39 is more than networks compute with: give",
        ),
        (
            "replicates = 100000000\n" + TENS,
            "study.toml:1: replicates: got 100000000, expected a whole number from 1 to 10000",
        ),
        (
            "replicates = 9000\n" + TENS + "[evaluation]\nfolds = 20\n",
            "study.toml:1: replicates: 9,000 replicates of 1 variants in 20 folds make",
        ),
        (
            "replicates = { from = 3, to = 30 }\n" + TENS + TWO,
            "study.toml:1: replicates.from: got 3, expected a whole number from 5 to 10000 (",
        ),
        (
            "replicates = { to = 30, too = 40 }\n" + TENS + TWO,
            "study.toml:1: replicates.too: unknown key; did you mean 'to'? allowed: from, to",
        ),
        (
            "replicates.from = 6\n" + TENS + TWO,
            "study.toml: replicates.to: is required: a whole number from 5 to 10000",
        ),
        (
            "replicates = [5, 30]\n" + TENS + TWO,
            (
                "study.toml:1: replicates: got [5, 30] (a list), expected a whole number from 1 to "
                "10000, or a table with keys among from, to"
            ),
        ),
        (
            "[replicates]\nfrom = 8\nto = 8\n" + TENS + TWO,
            (
                "study.toml:3: replicates.to: the most, 8, is not above the first look, 8: give "
                "more, or a fixed number, replicates = 8"
            ),
        ),
        (
            "replicates = { from = 5, to = 30 }\n" + TENS,
            (
                "study.toml:1: replicates.to: there is one variant only, and so no verdict to "
                "settle: give a fixed number"
            ),
        ),
        (
            "replicates = { to = 30 }\n" + TENS + "[evaluation]\nfolds = 5\n" + TWO,
            "study.toml:1: replicates.to: folds share their training images, for which no rule",
        ),
        (
            "replicates = { to = 9000 }\n" + TENS + MANY,
            "study.toml:1: replicates: 9,000 replicates of 12 variants make 108,000 trials, more",
        ),
        ('title = "a\\u001b[31m"\n' + TENS, "study.toml:1: title: got "),
        ('description = "a\\u0007"\n' + TENS, "study.toml:1: description: got "),
        (
            TENS + '[[variant]]\nname = "=HYPERLINK(1)"\n',
            'study.toml:4: variant.name: got "=HYPERLINK(1)" (text), expected text in quotes on',
        ),
        (TENS + f'[[variant]]\nname = "{"x" * 201}"\n', "study.toml:4: variant.name: got "),
        (TENS + '[[variant]]\nname = "a\\tb"\n', "study.toml:4: variant.name: got "),
        (
            TENS + f"[matrix]\nnetwork.filters = [{[8] * 120}, [8]]\n",
            'study.toml:4: matrix: "filters=8x8x8',
        ),
        (
            'baseline = "bb"\n' + TENS + '[[variant]]\nname = "b"\n',
            "study.toml:1: baseline: there is no variant 'bb'; did you mean 'b'? variants: b",
        ),
        (
            TENS + '[[variant]]\nname = "b"\n[[variant]]\nname = "b"\n',
            "study.toml:6: variant.name: there is already a variant 'b' in this recipe",
        ),
        (
            TENS + "[[variant]]\nnetwork.kernel = 2\n",
            "study.toml:3: variant.name: is required: text",
        ),
        (TENS + '[[variant]]\nname = ""\n', 'study.toml:4: variant.name: got "" (text), expected'),
        (
            TENS + '[[variant]]\nname = "a\\nb"\n',
            'study.toml:4: variant.name: got "a\\nb" (text), expected text in quotes on one',
        ),
        (
            TENS + '[[variant]]\nname = "a"\n"network.dropout" = 0.5\n',
            "study.toml:5: network.dropout: variant 'a': unknown key; a dotted key is written",
        ),
        (
            TENS + '[variant]\nname = "a"\n',
            "study.toml:3: variant: a variant begins with [[variant]]",
        ),
        ("matrix = 3\n" + TENS, "study.toml:1: matrix: got a whole number, expected a section"),
        (
            TENS + "[matrix]\nnetwork.kernel = 3\n",
            "study.toml:4: matrix.network.kernel: expected a list of values to try, e.g. kernel =",
        ),
        (
            TENS + "[matrix]\nnetwork.kernel = []\n",
            "study.toml:4: matrix.network.kernel: the list is",
        ),
        (
            TENS + "[matrix]\nnetwork.kernel = [2, 3, 2]\n",
            "study.toml:4: matrix.network.kernel: kernel=2 is listed twice",
        ),
        (
            TENS + '[matrix]\n"network.kernel" = [\n  2,\n  "a",\n]\n',
            'study.toml:6: network.kernel: got "a" (text), expected a whole number from 1 to',
        ),
        (
            TENS + "[matrix]\nnetwork.kernal = [2, 3]\n",
            "study.toml:4: network.kernal: unknown key;",
        ),
        (
            TENS
            + '[matrix]\nnetwork.kernel = [2, 3]\n[[variant]]\nname = "a"\nnetwork.kernel = 1\n',
            "study.toml:7: network.kernel: variant 'a': [matrix] varies network.kernel too",
        ),
        (
            TENS + '[[variant]]\nname = "a"\nreplicates = 3\n',
            "study.toml:5: replicates: variant 'a': unknown key",
        ),
        (
            TENS + '[[variant]]\nname = "a"\ndropout = 0.3\n',
            (
                "study.toml:5: dropout: variant 'a': unknown key; did you mean 'network.dropout' "
                "or 'transfer.head.dropout'?"
            ),
        ),
        (
            TENS + '[[variant]]\nname = "a"\nnetwork.dropout = 3\n',
            "study.toml:5: network.dropout: variant 'a': got 3 (a whole number), expected a number",
        ),
    ],
)
def test_a_wrong_structure_is_explained(problems, text, expected):
    (problem,) = problems(text)
    assert problem.startswith(expected)


def test_all_problems_are_told_at_once_in_the_order_of_the_lines(problems):
    found = problems(
        'replicates = "many"\n[data]\nsource = "tens"\ntrain = 0\n[network]\nkernel = -1\n'
        '[[variant]]\nname = "a"\ntraining.epochs = 0\n',
        "training.epochz=3",
    )
    assert [problem.partition(": ")[0] for problem in found] == [
        "study.toml:1",
        "study.toml:4",
        "study.toml:6",
        "study.toml:9",
        "--set training.epochz=3",
    ]


def test_a_mistake_that_every_variant_inherits_is_told_once(problems):
    variants = "".join(f'[[variant]]\nname = "{i}"\nnetwork.dropout = 0.{i}\n' for i in range(1, 9))
    (problem,) = problems(f"{TENS}[network]\nkernal = 3\n{variants}")
    assert problem.startswith("study.toml:4: network.kernal")
    (problem,) = problems(f"{TENS}[network]\nkernel = 9\n{variants}")
    assert problem.startswith("study.toml:4: network.kernel: conv_3 has a kernel of 9x9, but its ")


def test_a_mistake_in_a_parent_is_told_at_its_place(problems, write):
    write(TENS + "[network]\nkernal = 3\n", "base/parent.toml")
    (problem,) = problems('extends = "base/parent.toml"\n[network]\nkernel = 2\n')
    assert problem.startswith(
        "base/parent.toml:4: network.kernal: unknown key; did you mean 'kernel'"
    )


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


def test_text_that_is_wrong_as_it_is_typed_is_not_to_be_written_without_quotes(problems):
    (problem,) = problems(TENS + '[[variant]]\nname = " x"\n')
    assert problem.endswith("not beginning with =, +, - or @ and of at most 200 characters")


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
    lines = "".join(f"key_{index} = 1\n" for index in range(3000))
    with pytest.raises(RecipeError) as caught:
        load(f"{TENS}[network]\n{lines}")
    told = str(caught.value).splitlines()
    assert len(told) == 21
    assert told[0].startswith("study.toml:4: network.key_0: unknown key")
    assert told[-1] == "... and 2,980 more"


def test_a_value_of_any_length_is_quoted_in_part(problems):
    (problem,) = problems(f'{TENS}[network]\n{"k" * 50_000} = "{"v" * 50_000}"\n')
    assert len(problem) < 3000
