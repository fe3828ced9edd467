from dataclasses import replace
from functools import cache

import hypothesis.strategies as st
import pytest
from hypothesis import given

from cnnbench.data.sources.source import Request
from cnnbench.errors import RecipeError
from cnnbench.loading.manager import load_plugins
from cnnbench.planning.arrays import arrays_of
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.spec import Recipe, Variant
from cnnbench.trials.expand import Known, expand

MOBILENET = {"base": "mobilenet", "weights": "random"}
KNOWN = {
    ("folder", Request("/photos")): Known("digest of photos", (32, 32, 3), ("a", "b", "c")),
    ("tens", Request()): Known("digest of tens", (28, 28, 1), ("a", "b", "c")),
    ("tens", Request(groups="{group}_*")): Known("tens in groups", (28, 28, 1), ("a", "b", "c")),
    ("npz", Request("/x.npz")): Known("digest of x", (28, 28, 1), ("a", "b", "c")),
    ("npz", Request("/same.npz")): Known("digest of tens", (28, 28, 1), ("a", "b", "c")),
}


def configuration(**sections):
    data = {"source": "tens"} | sections.pop("data", {})
    plain = {"data": data} | sections
    return Configuration.model_validate(plain, strict=False)


def study(*configurations, **fields):
    variants = tuple(
        Variant(name=f"v{i}", configuration=each) for i, each in enumerate(configurations)
    )
    return Recipe(**{"name": "study", "baseline": "v0", "variants": variants} | fields)


plugins = cache(load_plugins)


def only_id(*, backend="torch", device="auto", seed=0, **sections):
    recipe = study(configuration(**sections), replicates=1, seed=seed)
    arrays = arrays_of(recipe, plugins())
    (trial, *_) = expand(recipe, backend, device, KNOWN, arrays=arrays, gpu=device == "gpu").trials
    return trial.id


@cache
def plain_id():
    return only_id(device="cpu")


def test_replicates_come_one_after_the_other_each_with_all_variants():
    recipe = study(configuration(), configuration(network={"dropout": 0.5}), replicates=2)
    trials = expand(recipe, "torch", "cpu", KNOWN).trials
    assert [(trial.replicate, trial.fold, trial.variant) for trial in trials] == [
        (0, None, "v0"),
        (0, None, "v1"),
        (1, None, "v0"),
        (1, None, "v1"),
    ]
    assert {trial.data for trial in trials} == {"digest of tens"}
    assert trials[1].configuration == recipe.variants[1].configuration


def test_each_fold_of_a_replicate_has_all_variants():
    folds = {"evaluation": {"folds": 2}}
    recipe = study(
        configuration(**folds), configuration(network={"dropout": 0.5}, **folds), replicates=1
    )
    trials = expand(recipe, "torch", "cpu", KNOWN).trials
    assert [(trial.fold, trial.variant) for trial in trials] == [
        (0, "v0"),
        (0, "v1"),
        (1, "v0"),
        (1, "v1"),
    ]


def test_trials_have_different_ids_of_16_hexadecimal_digits():
    recipe = study(
        configuration(evaluation={"folds": 3}),
        configuration(network={"dropout": 0.5}, evaluation={"folds": 3}),
        replicates=4,
    )
    ids = [trial.id for trial in expand(recipe, "torch", "cpu", KNOWN).trials]
    assert len(set(ids)) == len(ids) == 24
    assert all(len(bytes.fromhex(each)) == 8 for each in ids)


def test_expanding_twice_gives_the_same_trials():
    recipe = study(configuration())
    assert expand(recipe, "jax", "gpu", KNOWN) == expand(recipe, "jax", "gpu", KNOWN)


@given(st.text(), st.text(), st.text(min_size=1), st.integers(1, 9))
def test_words_names_and_the_number_of_replicates_change_no_id(title, description, name, number):
    recipe = Recipe(
        name="other",
        title=title,
        description=description,
        replicates=number,
        baseline=name,
        variants=(Variant(name=name, configuration=configuration(), description=title),),
    )
    trials = expand(recipe, "torch", "cpu", KNOWN).trials
    assert trials[0].id == plain_id()
    assert len(trials) == number


SPACE = {"key": "training.batch_size", "choices": [8, 16, 32]}
IGNORED = [
    {"evaluation": {"exclusive": True, "margin": 0.05}},
    {"network": {"batch_norm_momentum": 0.5}},  # there is no batch normalisation
    {"network": {"layers": [{"type": "flatten"}]}},  # another architecture's
    {"network": {"kernel": [3, 3], "pool": [2, 2]}},  # the same in other words
    {"training": {"momentum": 0.5}},  # of another optimiser
    {"training": {"weight_decay": 0.5}},
    {"training": {"nesterov": True}},
    {"training": {"initial_accumulator_value": 0.5}},
    {"training": {"learning_rate": 0.001}},  # the optimiser's default, written out
    {"training": {"schedule": {"factor": 0.5, "patience": 2, "min_lr": 0.1}}},
    {"training": {"early_stopping": {"monitor": "loss", "restore_best_weights": False}}},
    {"training": {"averaging": {"start": 0.5, "momentum": 0.5}}},
    {"augmentation": {"fill_mode": "wrap", "fill_value": 0.5}},  # nothing is moved
    {
        "augmentation": {
            "rotation": 0,
            "copies": 3,
            "random_erasing": 0.0,
            "mixup": 0.0,
            "cutmix": 0.0,
        }
    },
    {"training": {"label_smoothing": 0.0}},
    {"data": {"classes": ["a", "b", "c"]}},  # all there are
    {"data": {"source": "npz:/same.npz"}},  # another name for the same images
    {"transfer": {"weights": "random", "strategy": "full", "head_epochs": 2}},  # of no base
    {"transfer": {"padding": "torch", "feature_precision": "float16"}},
    {"ensemble": {"members": 3, "of": ["v1"], "folds": 2}},  # of no method
    {"tune": {"metric": "log_loss"}},  # without candidates
    {"tune": {"candidates": 3, "space": [SPACE]}},  # the first candidate is the variant itself
    {"transfer": {"head": {"dense": [3]}, "unfreeze_from": "block5", "unfreeze_last": 2}},
    {"data": {"groups": ""}},
]


@pytest.mark.parametrize("sections", IGNORED, ids=str)
def test_what_has_no_effect_changes_no_id(sections):
    assert only_id(**sections) == only_id()


EFFECTIVE = [
    {"ensemble": {"method": "boosting", "of": (), "folds": 5}},
    {"ensemble": {"method": "boosting", "members": 3}},
    {"ensemble": {"method": "snapshot"}},
    *({"data": data} for data in (
        {"source": "npz:/x.npz"},
        {"groups": "{group}_*"},
        {"train": 10},
        {"validation": 10},
        {"validation": 0.1},
        {"test": 10},
        {"classes": ["a", "b"]},
        {"classes": ["b", "a", "c"]},
        {"normalization": "center"},
    )),
    *({"network": network} for network in (
        {"architecture": "dense"},
        {"head": "global_max"},
        {"residual": True, "padding": "same"},
        {"residual": True, "padding": "same", "stochastic_depth": 0.2},
        {"separable": True},
        {"squeeze_excite": 4},
        {"architecture": "layers", "layers": [{"type": "flatten"}]},
        {"architecture": "layers", "layers": [{"type": "global_average_pool"}]},
        {"filters": [32, 64]},
        {"kernel": 2},
        {"kernel": [3, 2]},
        {"stride": 2, "filters": [8], "dense": []},
        {"padding": "same"},
        {"activation": "tanh"},
        {"downsampling": "average"},
        {"downsampling": "stride"},
        {"downsampling": "none"},
        {"pool": 3, "filters": [8, 8]},
        {"final_pool": True},
        {"batch_norm": "before"},
        {"batch_norm": "after"},
        {"batch_norm": "after", "batch_norm_momentum": 0.9},
        {"conv_dropout": 0.1},
        {"head": "global_average"},
        {"dense": [32]},
        {"dropout": 0.1},
        {"l1": 0.1},
        {"l2": 0.1},
    )),
    {"network": {"output": "sigmoid"}, "data": {"classes": ["b", "c"]}},
    *({"training": training} for training in (
        {"epochs": 3},
        {"batch_size": 3},
        {"optimizer": "sgd"},
        {"optimizer": "momentum"},
        {"optimizer": "momentum", "momentum": 0.5},
        {"optimizer": "momentum", "nesterov": True},
        {"optimizer": "nadam"},
        {"optimizer": "adagrad"},
        {"optimizer": "adagrad", "initial_accumulator_value": 0.0},
        {"optimizer": "adamax"},
        {"optimizer": "lion"},
        {"optimizer": "adamw"},
        {"optimizer": "adamw", "weight_decay": 0.5},
        {"optimizer": "rmsprop"},
        {"learning_rate": 0.5},
        {"precision": "bfloat16"},
        {"global_clipnorm": 1.0},
        {"class_weights": "balanced"},
        {"batches": "balanced"},
        {"label_smoothing": 0.1},
        {"schedule": {"kind": "cosine"}},
        {"schedule": {"kind": "plateau"}},
        {"schedule": {"kind": "plateau", "factor": 0.5}},
        {"schedule": {"kind": "plateau", "patience": 2}},
        {"schedule": {"kind": "plateau", "min_lr": 0.001}},
        {"schedule": {"warmup_epochs": 2}},
        {"schedule": {"kind": "cosine", "warmup_epochs": 2}},
        {"averaging": {"kind": "swa"}},
        {"averaging": {"kind": "swa", "start": 0.5}},
        {"averaging": {"kind": "ema"}},
        {"averaging": {"kind": "ema", "momentum": 0.5}},
        {"early_stopping": {"patience": 2}},
        {"early_stopping": {"patience": 2, "monitor": "loss"}},
        {"early_stopping": {"patience": 2, "min_delta": 0.1}},
        {"early_stopping": {"patience": 2, "restore_best_weights": False}},
    )),
    *({"data": {"source": "folder:/photos"}, "transfer": MOBILENET | transfer} for transfer in (
        {},
        {"base": "mobilenet_v2"},
        {"scaling": "torch"},
        {"strategy": "frozen"},
        {"strategy": "scratch"},
        {"strategy": "full"},
        {"feature_precision": "float16"},
        {"strategy": "full", "batch_norm": "trained"},
        {"strategy": "full", "head_epochs": 2},
        {"strategy": "full", "fine_tune_learning_rate": 0.5},
        {"strategy": "partial", "unfreeze_from": "conv_dw_12"},
        {"strategy": "partial", "unfreeze_from": "conv_dw_13"},
        {"strategy": "partial", "unfreeze_last": 3},
        {"head": {"pooling": "average"}},
        {"head": {"pooling": "max"}},
        {"head": {"dense": [3]}},
        {"head": {"dropout": 0.1}},
        {"head": {"activation": "elu"}},
    )),
    *({"augmentation": augmentation} for augmentation in (
        {"flip": "horizontal"},
        {"flip": "vertical"},
        {"rotation": 0.1},
        {"rotation": [0.0, 0.1]},
        {"rotation": 0.1, "fill_mode": "constant"},
        {"rotation": 0.1, "fill_mode": "constant", "fill_value": 0.5},
        {"zoom": 0.1},
        {"translation_width": 0.1},
        {"translation_height": 0.1},
        {"shear": 0.1},
        {"crop": [24, 24]},
        {"contrast": 0.1},
        {"brightness": 0.1},
        {"brightness": 0.1, "copies": 3},
        {"brightness": 0.1, "copies": 4},
        {"random_erasing": 0.1},
        {"mixup": 0.1},
        {"cutmix": 0.1},
    )),
    {"evaluation": {"folds": 2}},
    {"evaluation": {"folds": 3}},
    {"backend": "jax"},
    {"device": "gpu"},
    {"seed": 1},
]  # fmt: skip


@pytest.mark.slow
def test_whatever_has_an_effect_gives_an_id_of_its_own():
    ids = {str(sections): only_id(**sections) for sections in [{}, *EFFECTIVE]}
    assert len(set(ids.values())) == len(ids)


@pytest.mark.parametrize("strategy", ["partial", "full"])
def test_counted_blocks_are_the_trial_of_the_layer_that_they_begin_with(strategy):
    photos = {"source": "folder:/photos"}
    named = MOBILENET | {"strategy": strategy, "unfreeze_from": "conv_dw_12"}
    counted = MOBILENET | {"strategy": strategy, "unfreeze_last": 2}
    assert only_id(data=photos, transfer=named) == only_id(data=photos, transfer=counted)
    recipe = study(*(configuration(data=photos, transfer=x) for x in (named, counted)))
    arrays = arrays_of(recipe, load_plugins())
    with pytest.raises(RecipeError, match="'v0' and 'v1' are the same configuration"):
        expand(recipe, "torch", "cpu", KNOWN, arrays=arrays)


def test_candidates_are_trials_that_all_replicates_share_and_a_choice_depends_on_its_metric():
    ids = set()
    for metric in ("accuracy", "log_loss"):
        tune = {"candidates": 3, "metric": metric, "space": [SPACE]}
        made = expand(study(configuration(tune=tune), replicates=2), "torch", "cpu", KNOWN)
        assert [x.member.candidate for x in made.trials] == [0, 1, 2, 0, 1, 2]
        sizes = [x.configuration.training.batch_size for x in made.trials]
        assert sizes[:3] == sizes[3:]
        assert sizes[0] == configuration().training.batch_size
        assert len(set(sizes)) == 3
        ids |= {x.id for x in made.combinations}
    assert len(ids) == 4


def test_every_key_of_a_recipe_is_known_to_have_an_effect_or_to_have_none():
    from cnnbench.recipe.file import fields_of

    tried = {
        (section, *path)
        for sections in [*EFFECTIVE, *IGNORED]
        for section, keys in sections.items()
        if isinstance(keys, dict)
        for key, value in keys.items()
        for path in ([(key, inner) for inner in value] if isinstance(value, dict) else [(key,)])
    }
    whole_source = {("data", "image_size"), ("data", "color"), ("data", "unreadable")}
    assert {path for path, _ in fields_of(Configuration)} == tried | whole_source


def test_how_images_are_read_counts_by_what_is_read():
    sizes = {"data": {"image_size": [28, 28]}}
    known = {("tens", Request(image_size=(28, 28))): KNOWN["tens", Request()]}
    trial = expand(study(configuration(**sizes), replicates=1), "torch", "auto", known).trials[0]
    assert trial.id == only_id()
    known = {key: replace(value, digest="other") for key, value in known.items()}
    trial = expand(study(configuration(**sizes), replicates=1), "torch", "auto", known).trials[0]
    assert trial.id != only_id()


def test_variants_of_the_same_images_under_two_names_are_refused():
    recipe = study(configuration(), configuration(data={"source": "npz:/same.npz"}))
    with pytest.raises(RecipeError, match="'v0' and 'v1' are the same configuration of the same"):
        expand(recipe, "torch", "cpu", KNOWN)


def test_an_id_stays_the_same_from_version_to_version():
    # If it changes, every recorded result is run again: only ever on purpose.
    assert only_id() == "6a6a710abb635b18"


COUNTED = {
    ("tens", Request()): replace(KNOWN["tens", Request()], counts={"all": (2000, 2000, 1000)})
}


def counted_ids(folds=0, **data):
    recipe = study(configuration(data=data, evaluation={"folds": folds}), replicates=1)
    return [trial.id for trial in expand(recipe, "torch", "auto", COUNTED).trials]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"train": 0.04}, {"train": 200}),
        ({"test": 0.2}, {"test": 1000}),
        ({"validation": 0.2, "test": 1000}, {}),  # the default
        ({"train": 3000}, {}),  # all that remain
        ({"folds": 4, "validation": 0.1}, {"folds": 4, "validation": 500}),
    ],
    ids=str,
)
def test_amounts_that_come_to_the_same_images_are_the_same_trial(one, other):
    assert counted_ids(**one) == counted_ids(**other)


@pytest.mark.parametrize("data", [{"train": 201}, {"test": 999}, {"validation": 0.1}], ids=str)
def test_amounts_that_come_to_other_images_are_other_trials(data):
    assert counted_ids(**data) != counted_ids(**({"train": 200} if "train" in data else {}))


def test_what_remains_in_one_fold_is_no_amount_where_it_differs_in_another():
    # 5,000 images in 3 folds: 1,000 for validation leave 2,333 in two folds, 2,334 in the third.
    assert counted_ids(folds=3)[0] != counted_ids(folds=3, train=2333)[0]


def test_a_device_counts_only_where_it_is_another_one():
    recipe = study(configuration(), replicates=1)
    ids = [
        expand(recipe, "torch", device, KNOWN, gpu=gpu).trials[0].id
        for device, gpu in (("auto", False), ("cpu", False), ("auto", True), ("gpu", True))
    ]
    assert ids[0] == ids[1] != ids[2] == ids[3]


def test_a_trial_is_the_same_after_its_way_to_a_worker():
    (trial, *_) = expand(study(configuration()), "torch", "cpu", KNOWN).trials
    assert type(trial).model_validate_json(trial.model_dump_json()) == trial
