"""Every mistake is named with file, line, key and value, what is allowed and what is nearest."""

import pytest

TENS = '[data]\nsource = "tens"\n'
TWO = '[[variant]]\nname = "a"\n[[variant]]\nname = "b"\nnetwork.kernel = 2\n'
MANY = "".join(
    f'[[variant]]\nname = "v{number}"\ntraining.epochs = {number}\n' for number in range(1, 13)
)


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


def test_text_that_is_wrong_as_it_is_typed_is_not_to_be_written_without_quotes(problems):
    (problem,) = problems(TENS + '[[variant]]\nname = " x"\n')
    assert problem.endswith("not beginning with =, +, - or @ and of at most 200 characters")
