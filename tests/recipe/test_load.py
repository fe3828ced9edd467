from pathlib import Path

import pytest

from cnnbench.errors import RecipeError
from cnnbench.results.record import MARGIN

TENS = '[data]\nsource = "tens"\n'


def names(recipe):
    return [variant.name for variant in recipe.variants]


def configuration(recipe, name):
    return next(v.configuration for v in recipe.variants if v.name == name)


def test_a_recipe_without_variants_has_one_named_default(load):
    recipe = load(TENS)
    assert (recipe.name, names(recipe), recipe.baseline) == ("study", ["default"], "default")
    assert recipe.replicates == 5


def test_variants_override_any_key_nested_or_dotted(load):
    recipe = load(
        'title = "T"\nbaseline = "b"\nseed = 7\n'
        + TENS
        + """
[training]
epochs = 3
early_stopping.patience = 2

[[variant]]
name = "a"
description = "the first"
network.dropout = 0.5
training.early_stopping.patience = 5

[[variant]]
name = "b"
[variant.training.early_stopping]
monitor = "val_accuracy"
"""
    )
    a, b = configuration(recipe, "a"), configuration(recipe, "b")
    assert (a.network.dropout, b.network.dropout) == (0.5, 0.0)
    assert (a.training.early_stopping.patience, b.training.early_stopping.patience) == (5, 2)
    assert b.training.early_stopping.monitor == "val_accuracy"
    assert a.training.epochs == b.training.epochs == 3
    assert (recipe.title, recipe.baseline, recipe.seed) == ("T", "b", 7)
    assert recipe.variants[0].description == "the first"


def test_the_first_variant_is_the_baseline_if_none_is_named(load):
    recipe = load(TENS + '[[variant]]\nname = "x"\n[[variant]]\nname = "y"\nnetwork.kernel = 2\n')
    assert recipe.baseline == "x"


def test_a_matrix_is_the_product_of_its_values_the_first_key_varying_slowest(load):
    recipe = load(
        TENS
        + """
[matrix]
network.downsampling = ["max", "none"]
"network.padding" = ["valid", "same"]
training.epochs = [1, 2]
"""
    )
    assert names(recipe) == [
        "max-valid-epochs=1",
        "max-valid-epochs=2",
        "max-same-epochs=1",
        "max-same-epochs=2",
        "none-valid-epochs=1",
        "none-valid-epochs=2",
        "none-same-epochs=1",
        "none-same-epochs=2",
    ]
    assert configuration(recipe, "none-same-epochs=2").network.padding == "same"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("network.final_pool = [true, false]", ["final_pool=true", "final_pool=false"]),
        ("network.filters = [[8], [8, 16]]", ["filters=8", "filters=8x16"]),
        ("network.kernel = [3, [2, 3]]", ["kernel=3", "kernel=2x3"]),
        ("training.learning_rate = [0.1, 1e-3]", ["learning_rate=0.1", "learning_rate=0.001"]),
        (
            'training.schedule = [{ kind = "cosine" }, { kind = "plateau", patience = 3 }]',
            ["cosine", "plateau-patience=3"],
        ),
    ],
)
def test_variants_of_a_matrix_are_named_after_the_values(load, values, expected):
    assert names(load(f"{TENS}[matrix]\n{values}\n")) == expected


def test_variants_are_multiplied_by_the_matrix(load):
    recipe = load(
        TENS
        + """
[matrix]
network.padding = ["valid", "same"]
[[variant]]
name = "a"
[[variant]]
name = "b"
network.dropout = 0.5
"""
    )
    assert names(recipe) == ["a-valid", "a-same", "b-valid", "b-same"]
    b = configuration(recipe, "b-same").network
    assert (b.dropout, b.padding) == (0.5, "same")


def test_combinations_of_the_same_name_are_refused(load):
    with pytest.raises(RecipeError, match="two combinations would be called 'a-tens-photos:x'"):
        load(
            """
[matrix]
data.source = ["tens-photos:x", "photos:x"]
[[variant]]
name = "a"
[[variant]]
name = "a-tens"
network.kernel = 2
"""
        )


def test_a_recipe_inherits_key_by_key_along_a_chain(load, write):
    write(
        'title = "old"\nreplicates = 9\n' + TENS + "train = 50\n[training]\nepochs = 1\n",
        "a/a.toml",
    )
    write('extends = "../a/a.toml"\n[data]\ntrain = 60\n[network]\nkernel = 2\n', "b/b.toml")
    recipe = load('extends = "b/b.toml"\ntitle = "new"\n[training]\nbatch_size = 8\n')
    made = configuration(recipe, "default")
    assert (recipe.title, recipe.replicates) == ("new", 9)
    assert (made.data.source, made.data.train, made.network.kernel) == ("tens", 60, 2)
    assert (made.training.epochs, made.training.batch_size) == (1, 8)


def test_variants_of_a_parent_are_kept_and_those_of_the_same_name_replaced_in_place(load, write):
    write(
        TENS
        + """
[[variant]]
name = "a"
[[variant]]
name = "b"
network.dropout = 0.1
network.kernel = 2
[[variant]]
name = "c"
network.dropout = 0.3
""",
        "parent.toml",
    )
    recipe = load(
        """
extends = "parent.toml"
[[variant]]
name = "d"
network.dropout = 0.4
[[variant]]
name = "b"
network.dropout = 0.2
"""
    )
    assert names(recipe) == ["a", "b", "c", "d"]
    b = configuration(recipe, "b").network
    assert (b.dropout, b.kernel) == (0.2, 3)


def test_an_ensemble_beside_a_matrix_is_of_the_variants_of_its_combination(load):
    recipe = load(
        TENS
        + """
[matrix]
data.train = [20, 30]

[[variant]]
name = "a"

[[variant]]
name = "b"
network.kernel = 2

[[variant]]
name = "both"
ensemble.method = "average"
ensemble.of = ["a", "b"]
"""
    )
    for amount in ("train=20", "train=30"):
        of = configuration(recipe, f"both-{amount}").ensemble.of
        assert of == (f"a-{amount}", f"b-{amount}")


def test_the_matrix_of_a_parent_is_inherited_key_by_key(load, write):
    write(
        TENS + '[matrix]\nnetwork.padding = ["valid"]\nnetwork.downsampling = ["max"]\n', "p.toml"
    )
    recipe = load('extends = "p.toml"\n[matrix]\nnetwork.padding = ["same", "valid"]\n')
    assert sorted(names(recipe)) == ["same-max", "valid-max"]


def test_overrides_win_over_everything_variants_included(load):
    recipe = load(
        TENS
        + '[training]\nepochs = 5\n[[variant]]\nname = "a"\n[[variant]]\nname = "b"\n'
        + "training.epochs = 50\nnetwork.kernel = 2\n",
        "training.epochs=1",
        "replicates=3",
        "network.filters=[4, 8]",
        "network.padding=same",
        "title=a text without quotes",
        'baseline="b"',
    )
    for variant in recipe.variants:
        assert variant.configuration.training.epochs == 1
        assert variant.configuration.network.filters == (4, 8)
        assert variant.configuration.network.padding == "same"
    assert (recipe.replicates, recipe.title) == (3, "a text without quotes")
    assert recipe.baseline == "b"


def test_the_last_override_of_a_key_counts(load):
    recipe = load(TENS, "training.epochs=1", "training.epochs=2")
    assert configuration(recipe, "default").training.epochs == 2


def test_an_override_of_a_key_in_the_matrix_leaves_only_its_value(load):
    text = TENS + '[matrix]\nnetwork.padding = ["valid", "same"]\nnetwork.kernel = [3, 2]\n'
    assert names(load(text, "network.kernel=1")) == ["valid-kernel=1", "same-kernel=1"]
    assert names(load(text, "matrix.network.padding=['same']")) == [
        "same-kernel=3",
        "same-kernel=2",
    ]


def test_a_table_as_override_changes_only_its_keys(load):
    recipe = load(
        TENS + "[training.early_stopping]\npatience = 4\n",
        'training.early_stopping={monitor = "loss"}',
    )
    stopping = configuration(recipe, "default").training.early_stopping
    assert (stopping.patience, stopping.monitor) == (4, "loss")


def test_other_data_replace_the_source_of_every_variant(load):
    recipe = load(
        '[data]\nsource = "tens"\nimage_size = [24, 24]\n[[variant]]\nname = "a"\n'
        '[[variant]]\nname = "b"\ndata.source = "tens"\nnetwork.kernel = 2\n',
        data="photos:here",
    )
    for variant in recipe.variants:
        assert variant.configuration.data.source == f"photos:{Path.cwd()}/here"
        assert variant.configuration.data.image_size == (24, 24)


def test_paths_are_relative_to_the_file_that_names_them(load, write, tmp_path):
    write('[data]\nsource = "photos:../pictures"\n', "shared/base.toml")
    recipe = load('extends = "shared/base.toml"\n')
    assert configuration(recipe, "default").data.source == f"photos:{tmp_path}/pictures"
    recipe = load('extends = "shared/base.toml"\n', "data.source=photos:pictures")
    assert configuration(recipe, "default").data.source == f"photos:{tmp_path}/pictures"
    recipe = load('[data]\nsource = "photos:/there"\n')
    assert configuration(recipe, "default").data.source == "photos:/there"
    recipe = load('[data]\nsource = "photos:~/there"\n')
    assert configuration(recipe, "default").data.source == f"photos:{Path.home()}/there"


def test_a_byte_order_mark_and_line_endings_of_windows_are_read(load):
    assert names(load('\ufeff[data]\r\nsource = "tens"\r\n')) == ["default"]


def test_the_margin_is_one_point_unless_the_recipe_declares_another(load):
    assert load(TENS).margin == 0.01
    assert load(f"{TENS}[evaluation]\nmargin = 0.02\n").margin == 0.02


def test_studies_without_a_margin_of_their_own_have_the_one_of_recipes(load):
    assert load(TENS).margin == MARGIN


def test_a_study_has_one_margin(load):
    variants = '[[variant]]\nname = "a"\n[[variant]]\nname = "b"\nnetwork.dropout = 0.5\n'
    with pytest.raises(RecipeError, match=r"margin: variant 'b': all verdicts .* go by one margin"):
        load(f"{TENS}{variants}evaluation.margin = 0.02\n")
    with pytest.raises(RecipeError, match=r"margin: variant 'a': all verdicts"):
        load(TENS + variants.replace('"a"\n', '"a"\nevaluation.margin = 0.02\n'))


TWO = '[[variant]]\nname = "a"\n[[variant]]\nname = "b"\nnetwork.kernel = 2\n'


@pytest.mark.parametrize(
    ("written", "overrides", "most", "looks"),
    [
        ("replicates = 7", [], 7, ()),
        ("replicates = { from = 5, to = 30 }", [], 30, (5, 8, 12, 18, 30)),
        ("replicates.to = 10", [], 10, (5, 8, 10)),
        ("replicates = { from = 10, to = 100 }", [], 100, (10, 12, 18, 27, 40, 60, 100)),
        (
            "replicates = { from = 5, to = 30 }",
            ["replicates.to=60"],
            60,
            (5, 8, 12, 18, 27, 40, 60),
        ),
        ("replicates = { from = 5, to = 30 }", ["replicates=3"], 3, ()),
        ("replicates = { from = 5, to = 30 }", ["replicates.to=9", "replicates=1"], 1, ()),
        ("replicates = 5", ["replicates.to=12"], 12, (5, 8, 12)),
        ("replicates = 5", ["replicates={from=6, to=9}"], 9, (6, 8, 9)),
    ],
)
def test_replicates_are_a_number_or_go_on_until_settled(load, written, overrides, most, looks):
    recipe = load(f"{written}\n{TENS}{TWO}", *overrides)
    assert (recipe.replicates, recipe.looks) == (most, looks)


@pytest.mark.parametrize(
    ("below", "above", "looks"),
    [
        ("replicates = { from = 5, to = 30 }", "replicates.to = 12", (5, 8, 12)),
        ("replicates = { from = 5, to = 30 }", "replicates = 4", ()),
        ("replicates = 4", "replicates = { to = 8 }", (5, 8)),
    ],
)
def test_an_heir_changes_the_rule_key_by_key(load, write, below, above, looks):
    write(f"{below}\n{TENS}{TWO}", "p.toml")
    assert load(f'extends = "p.toml"\n{above}\n').looks == looks
