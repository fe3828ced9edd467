"""Bases that a study trains itself, from recipe to record, on a backend that can fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import cnnbench
from cnnbench.errors import PretrainedError, RecipeError
from cnnbench.execution.bases import with_their_bases
from cnnbench.installed import installed_plugins
from cnnbench.planning import leaks
from cnnbench.planning.prepare import RunOptions, prepare
from cnnbench.pretrained.digest import digests
from cnnbench.pretrained.read import read_arrays
from cnnbench.results.layout import weights_file
from cnnbench.results.read import read_plan, read_records
from cnnbench.results.weights import read_weights
from cnnbench.testing.numpy_backend import NumpyBackend

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("scripted_path")]

STUDY = """
replicates = 2
[data]
source = "digits"
classes = ["5", "6", "7"]
train = 12
validation = 6
test = 12
[network]
filters = [2, 3]
dense = []
[training]
epochs = 1
batch_size = 16
optimizer = "sgd"
learning_rate = 0.1
[pretrain.lower]
data.classes = ["0", "1"]
data.train = 14
data.validation = 6
data.test = 6
training.epochs = 2
[transfer]
weights = "cnnbench:lower"
head_epochs = 1
head.pooling = "average"
head.dense = []
head.dropout = 0
[[variant]]
name = "scratch"
transfer.strategy = "scratch"
[[variant]]
name = "features"
[[variant]]
name = "full"
transfer.strategy = "full"
"""
BASE = "pretrain.lower"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "study.toml"

    def go(text=STUDY, **options):
        path.write_text(text)
        records = cnnbench.run(
            path,
            "scripted",
            results=tmp_path / "results",
            executor="inline",
            progress=False,
            **options,
        )
        return {(x.variant, x.replicate): x for x in records}

    return go


@pytest.fixture
def planned(tmp_path):
    """The trials that `--variant` leaves."""
    path = tmp_path / "study.toml"
    path.write_text(STUDY)

    def of(variant):
        options = RunOptions(tmp_path / "results")
        prepared = prepare(path, ["scripted"], installed_plugins(), options, variants=[variant])
        return prepared.trials

    return of


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results" / "study" / "scripted"


def lines(folder):
    return len((folder / "records.jsonl").read_text().splitlines())


def test_all_that_start_from_a_base_have_the_arrays_of_their_replicate(run, folder):
    found = run(save_weights=True)
    assert {x.status for x in found.values()} == {"ok"}
    for replicate in (0, 1):
        base = found[BASE, replicate]
        arrays = read_weights(folder, base.trial)
        frozen = read_weights(folder, found["features", replicate].trial)
        moved = read_weights(folder, found["full", replicate].trial)
        scratch = read_weights(folder, found["scratch", replicate].trial)
        for name in ("conv_1/kernel", "conv_1/bias", "conv_2/kernel", "conv_2/bias"):
            np.testing.assert_array_equal(frozen[name], arrays[name])
            assert (moved[name] != arrays[name]).any()
            assert (scratch[name] != arrays[name]).any()
        assert base.samples.classes == ("0", "1")
        assert base.samples.train == 14
        assert base.epochs == 2
    first, second = (read_weights(folder, found[BASE, n].trial) for n in (0, 1))
    assert (first["conv_1/kernel"] != second["conv_1/kernel"]).any(), "each replicate its own"


def test_a_record_names_the_base_and_what_it_took(run, folder):
    found = run()
    base, features = found[BASE, 0], found["features", 0]
    about = features.pretrained
    assert (about.base, about.trained_on) == ("cnnbench:lower", "digits, classes 0, 1")
    assert base.trial in about.origin
    assert about.digest == digests(weights_file(folder, base.trial)).sha256 == base.kept
    assert about.trained_in == base.costs.total
    assert found["scratch", 0].pretrained.digest == ""
    assert found["scratch", 0].pretrained.trained_in is None


def test_a_base_is_no_variant_but_its_time_is_told(run, folder):
    found = run()
    comparison = cnnbench.compare(folder)
    assert list(comparison["variant"]) == ["scratch", "features", "full"]
    (said,) = [x for x in comparison.attrs["notes"] if "starts from cnnbench:lower" in x]
    mean = np.mean([found[BASE, n].costs.total for n in (0, 1)])
    assert "features, full: starts from cnnbench:lower" in said
    assert f"this study trained in {mean:.3g} s a replicate" in said
    assert {found[BASE, n].trial for n in (0, 1)} == {*read_plan(folder).members}


def test_what_is_recorded_is_not_run_again(run, folder, monkeypatch):
    first = run()
    before = (folder / "records.jsonl").read_text()
    compared = []
    monkeypatch.setattr(leaks, "pixel_digest", compared.append)
    assert run() == first
    assert (folder / "records.jsonl").read_text() == before
    assert not compared, "the images of the base and of the variants were, before they trained"


def test_a_further_variant_starts_from_the_bases_that_are_there(run, folder):
    run()
    count = lines(folder)
    run(STUDY + '[[variant]]\nname = "frozen"\ntransfer.strategy = "frozen"\n')
    assert lines(folder) == count + 2


@pytest.mark.parametrize("damage", [lambda x: x.unlink(), lambda x: x.write_bytes(b"x"), "bit"])
def test_arrays_that_are_gone_or_damaged_are_trained_again_once_they_are_needed(
    run, folder, damage
):
    base = run()[BASE, 0]
    count = lines(folder)
    path = weights_file(folder, base.trial)
    whole = path.read_bytes()
    if damage == "bit":
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    else:
        damage(path)
    run()
    assert lines(folder) == count, "nothing is to start from them"
    found = run(STUDY + '[[variant]]\nname = "frozen"\ntransfer.strategy = "frozen"\n')
    assert lines(folder) == count + 3
    assert path.read_bytes() == whole
    assert found["frozen", 0].status == "ok"


def test_nothing_starts_from_arrays_that_are_not_those_of_the_base_s_record(run, folder, planned):
    base = run()[BASE, 0]
    path = weights_file(folder, base.trial)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    trial = next(x for x in planned("full") if x.starts_from == base.trial)
    (ready,), _ = with_their_bases([trial], folder)
    with pytest.raises(PretrainedError, match="has changed since this study was planned"):
        read_arrays(ready.arrays, ready.network)


def test_another_training_of_the_base_makes_other_trials_but_of_the_control(run):
    first = run()
    second = run(STUDY.replace("epochs = 2", "epochs = 3"))
    ids = {key: record.trial for key, record in first.items()}
    assert {key for key, record in second.items() if record.trial == ids[key]} == {
        ("scratch", 0),
        ("scratch", 1),
    }
    renamed = run(STUDY.replace("lower", "digits"))
    assert renamed["full", 0].trial == first["full", 0].trial, "a name changes nothing"


def test_a_base_that_fails_fails_those_that_start_from_it_until_it_does_not(run, monkeypatch):
    text = STUDY.replace("training.epochs = 2", "training.learning_rate = 7.0")
    found = run(text)
    assert found["scratch", 0].status == "ok"
    for variant in ("features", "full"):
        assert found[variant, 0].status == "failed"
        assert "pretrain.lower, which it starts from, ended as failed" in found[variant, 0].reason
    monkeypatch.setenv("SCRIPTED_IS_MENDED", "1")
    assert {record.status for record in run(text).values()} == {"ok"}


def test_a_base_that_the_backend_can_not_train_is_recorded_once_until_it_can(
    run, folder, monkeypatch
):
    text = STUDY.replace("training.epochs = 2", 'training.precision = "bfloat16"')
    found = run(text)
    assert {found[x, 0].status for x in (BASE, "features", "full")} == {"unsupported"}
    count = lines(folder)
    assert run(text) == found
    assert lines(folder) == count
    able = replace(NumpyBackend.capabilities, precisions=frozenset({"float32", "bfloat16"}))
    monkeypatch.setattr(NumpyBackend, "capabilities", able)
    assert {record.status for record in run(text).values()} == {"ok"}


def test_folds_share_the_base_of_their_replicate(run, folder):
    run(STUDY.replace("test = 12\n", "") + "[evaluation]\nfolds = 2\n")
    records, _ = read_records(folder / "records.jsonl")
    bases = [record for record in records if record.variant == BASE]
    assert [(record.replicate, record.fold) for record in bases] == [(0, None), (1, None)]
    digests_ = {(x.replicate, x.pretrained.digest) for x in records if x.variant == "full"}
    assert len(digests_) == 2


def test_one_variant_alone_brings_its_base_and_the_baseline(planned):
    assert {x.variant for x in planned("features")} == {BASE, "scratch", "features"}


def test_a_variant_that_never_asks_for_a_base_trains_none(planned):
    assert {x.variant for x in planned("scratch")} == {"scratch"}


def test_tuned_averaged_and_boosted_variants_start_from_it_too(run):
    more = """
[[variant]]
name = "two"
ensemble.method = "average"
ensemble.members = 2
[[variant]]
name = "tuned"
tune.candidates = 2
tune.space = [{ key = "training.learning_rate", choices = [0.05, 0.2] }]
[[variant]]
name = "boosted"
training.epochs = 4
ensemble.method = "boosting"
ensemble.members = 3
"""
    found = run(STUDY.replace("replicates = 2", "replicates = 1") + more)
    assert {found[variant, 0].status for variant in ("two", "tuned")} == {"ok"}
    assert found["two", 0].pretrained.trained_in == found[BASE, 0].costs.total
    one = found["features", 0].costs.features
    assert found["boosted", 0].ensemble.networks > 1
    for variant in ("two", "tuned", "boosted"):
        assert found[variant, 0].costs.features == pytest.approx(one), "its networks share them"


def photos(folder, names, seed):
    for name in names:
        (folder / name).mkdir(parents=True)
        rng = np.random.default_rng([seed, *name.encode()])
        for number in range(20):
            pixels = rng.integers(0, 256, (8, 8)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


def test_an_image_that_a_variant_may_be_tested_on_is_refused_whatever_it_is_called(run, tmp_path):
    photos(tmp_path / "few", ["cat", "dog"], 1)
    photos(tmp_path / "many", ["oak", "elm"], 2)
    text = (
        STUDY.replace('"digits"', '"folder:few"')
        .replace('classes = ["5", "6", "7"]\ntrain = 12\nvalidation = 6\ntest = 12\n', "")
        .replace('data.classes = ["0", "1"]', 'data.source = "folder:many"')
        .replace("data.train = 14\ndata.validation = 6\ndata.test = 6\n", "")
    )
    assert run(text)["full", 0].status == "ok"
    copied = (tmp_path / "few" / "dog" / "3.png").read_bytes()
    (tmp_path / "many" / "oak" / "new.png").write_bytes(copied)
    # Sorted as text, 3.png stands behind 0, 1, 10 to 19 and 2, and dogs behind 20 cats.
    expected = "trained on 1 image that variant 'scratch' has too, such as 33 of folder"
    with pytest.raises(RecipeError, match=expected):
        run(text)
