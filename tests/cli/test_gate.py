from __future__ import annotations

from functools import partial

import pytest

from cnnbench.results.record import Record, Status
from cnnbench.results.store import Store


def write(results, gain=0.0, variants=("plain", "dropout")):
    with Store(results, "mnist", "torch") as store:
        for variant in variants:
            for replicate in range(4):
                accuracy = 0.9 + gain + replicate / 1000
                store.append(
                    Record(
                        trial=f"{variant}-{replicate}",
                        recipe="mnist",
                        variant=variant,
                        replicate=replicate,
                        backend="torch",
                        status=Status.OK,
                        metrics={"test": {"accuracy": accuracy + 0.05 * (variant == "dropout")}},
                    )
                )
    return results


@pytest.fixture
def gate(command):
    return partial(command, "gate")


@pytest.mark.parametrize(
    ("requirement", "code", "said"),
    [
        ("accuracy of plain >= 0.89", 0, "holds: accuracy of plain >= 0.89 (mnist on torch): 90.1"),
        ("accuracy of plain >= 0.95", 1, "does not hold: accuracy of plain >= 0.95"),
        ("accuracy of plain >= 0.9015", 3, "open: accuracy of plain >= 0.9015"),
    ],
)
def test_the_exit_code_tells_what_came_of_it(gate, tmp_path, requirement, code, said):
    run = gate(write(tmp_path / "new"), "--require", requirement)
    assert (run.returncode, run.stderr) == (code, "")
    assert run.stdout.startswith(said)
    assert len(run.stdout.splitlines()) == 1


def test_one_that_does_not_hold_outweighs_those_that_hold_or_are_open(gate, tmp_path):
    stored = write(tmp_path / "stored")
    lost = write(tmp_path / "new", variants=("plain",))
    run = gate(lost, "--against", stored, "--require", "accuracy of plain >= 0.95")
    assert run.returncode == 1
    assert [line.partition(":")[0] for line in run.stdout.splitlines()] == [
        "holds",
        "open",
        "does not hold",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "there is nothing to judge by; give --against STORED, or --require"),
        (("--require", "dropuot better"), "did you mean 'dropout'?"),
        (("--require", "dropout is good"), "is no requirement; write VARIANT and one of"),
        (("--against", "nowhere"), "nowhere"),
        (("--require", "dropout better", "--metric", "acuracy"), "did you mean 'accuracy'?"),
    ],
)
def test_a_request_that_makes_no_sense_is_one_sentence(gate, tmp_path, arguments, said):
    run = gate(write(tmp_path / "new"), *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert said in run.stderr
    assert len(run.stderr.splitlines()) == 1
