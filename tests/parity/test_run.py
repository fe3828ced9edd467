"""Backends that round differently agree; one that takes longer steps does not."""

import csv

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("scripted_path")]


@pytest.fixture
def parity(command, tmp_path, recipe):
    """Run `cnnbench parity` on the tiny study; return its exit code, its text and its CSV."""

    def parity(*backends, rate=0.2, options=()):
        arguments = [part for name in backends for part in ("--backend", name)]
        steps = tmp_path / "steps.csv"
        steps.unlink(missing_ok=True)  # an earlier call's, which would not be replaced
        options = (*options, "--output", steps, "--force")
        done = command("parity", recipe(rate), *arguments, *options)
        rows = list(csv.DictReader(steps.open())) if steps.exists() else []
        return done.returncode, " ".join(done.stdout.split()), rows

    return parity


def test_another_rounding_agrees(parity):
    code, text, rows = parity("scripted", "rounded")
    assert code == 0
    assert "good, rounded: agree, as far as float32 arithmetic allows" in text
    # 40 images in batches of 16 are three steps an epoch, for each of two variants.
    parts = [("initial", "")] + [("loss", step) for step in "123"]
    parts += [("epoch", ""), ("pass", "1"), ("pass", "2"), ("final", ""), ("accuracy", "")]
    assert [(row["measure"], row["step"]) for row in rows] == parts * 2
    assert {row["verdict"] for row in rows} == {"agree"}
    assert all(float(row["difference"]) <= float(row["allowed"]) for row in rows)


def test_a_step_that_is_one_percent_too_long_is_found_at_the_second_step(parity):
    code, text, rows = parity("scripted", "hasty")
    assert code == 1
    assert "good, hasty: differ, at step 2 the loss differs by" in text
    assert float(rows[0]["difference"]) == 0
    assert rows[0]["verdict"] == "differ"


def test_moving_statistics_that_stay_are_found_after_the_first_epoch(parity):
    options = ("--set", 'network.batch_norm="before"')
    code, text, _ = parity("scripted", "stuck", options=options)
    assert code == 1
    assert "good, stuck: differ, after the first epoch a probability differs by" in text


def test_a_backend_that_goes_wrong_after_the_first_epoch_is_found_by_the_loss_of_the_third(parity):
    # That of the second is from before its last step, and of an almost untrained network.
    code, text, _ = parity("scripted", "late", options=("--set", "training.epochs=3"))
    assert code == 1
    assert "good, late: differ, the loss of epoch 2 differs by" in text


def test_a_failing_backend_is_said_with_its_reason(parity):
    code, text, rows = parity("rounded", "scripted", rate=7.0)
    assert code == 1
    assert "other, scripted: failed, scripted: RuntimeError: the kernel fell over" in text
    assert "good, scripted: agree" in text
    assert [row["measure"] for row in rows if row["verdict"] == "failed"] == [""]


def test_a_backend_whose_process_dies_fails_that_trial_and_goes_on_with_the_next(parity):
    code, text, _ = parity("rounded", "scripted", "hasty", rate=9.0)
    assert code == 1
    assert "other, scripted: failed, scripted: the worker process died: signal SIGKILL" in text
    assert "good, scripted: agree" in text
    assert "good, hasty: differ" in text


def test_a_backend_that_cant_be_opened_fails_every_trial_and_the_others_are_compared(parity):
    code, text, _ = parity("scripted", "stillborn", "rounded")
    assert code == 1
    assert "good, stillborn: failed, stillborn: the worker process died: exit code 3" in text
    assert "other, stillborn: failed" in text
    assert "other, rounded: agree" in text


def test_a_device_that_is_missing_is_a_reason(parity):
    code, text, _ = parity("scripted", "rounded", options=("--device", "gpu"))
    assert code == 1
    assert "good, rounded: failed, scripted: backend numpy has no gpu" in text


def test_dropout_is_switched_off_for_the_first_epoch_and_leaves_the_accuracy_at_the_end(parity):
    options = ("--set", "network.conv_dropout=0.5", "--set", "data.test=400")
    code, text, _ = parity("scripted", "rounded", options=options)
    assert code == 0
    assert "as far as float32 arithmetic allows; of the end only the accuracy is judged" in text
    code, text, _ = parity("scripted", "hasty", options=(*options, "--force"))
    assert code == 1
    assert "good, hasty: differ, at step 2 the loss differs by" in text


def test_the_accuracy_of_few_images_alone_tells_nothing(parity):
    options = ("--set", "network.conv_dropout=0.5")
    code, text, _ = parity("scripted", "rounded", options=options)
    assert code == 3
    assert "can't tell, of the end only the accuracy is judged, of too few test images" in text
