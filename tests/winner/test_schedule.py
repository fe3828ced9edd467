"""For how many epochs the winner is trained once more."""

import pytest

from cnnbench.errors import ResultsError
from cnnbench.recipe.training import EarlyStopping, Schedule, TrainingSpec
from cnnbench.recipe.transfer import Stage
from cnnbench.results.record import Epoch, Record, Status
from cnnbench.results.store import Store
from cnnbench.winner.schedule import final_stages


def stage(epochs, **changes):
    return Stage(frozenset(), TrainingSpec(epochs=epochs, **changes))


@pytest.fixture
def records(tmp_path):
    """Write records with these validation losses and learning rates; return the folder and them."""

    def write(*courses, best):
        with Store(tmp_path, "pets", "torch") as store:
            for number, (losses, rates) in enumerate(courses):
                history = tuple(
                    Epoch(
                        epoch=1 + place,
                        loss=1.0,
                        penalty=0.0,
                        accuracy=0.5,
                        val_loss=loss,
                        val_accuracy=0.5,
                        learning_rate=rates[place],
                        seconds=1.0,
                    )
                    for place, loss in enumerate(losses)
                )
                record = Record(
                    trial=f"t{number}",
                    recipe="pets",
                    variant="plain",
                    replicate=number,
                    backend="torch",
                    status=Status.OK,
                    epochs=len(losses),
                    best_epoch=best[number],
                )
                store.append(record, history=history)
        return store.folder, [
            Record(
                trial=f"t{number}",
                recipe="pets",
                variant="plain",
                replicate=number,
                backend="torch",
                status=Status.OK,
                best_epoch=best[number],
            )
            for number in range(len(courses))
        ]

    return write


STOPPING = {"early_stopping": EarlyStopping(patience=2)}


def test_without_early_stopping_all_epochs_are_trained_again(records):
    study, found = records(([3, 1, 2], [0.1] * 3), ([3, 2, 1], [0.1] * 3), best=[3, 3])
    (final,), counts = final_stages(study, found, [stage(3)])
    assert counts == ((3, 3),)
    assert final.training.epochs == 3
    assert final.rates == (0.1, 0.1, 0.1)


def test_the_median_of_the_best_epochs_is_trained_without_stopping(records):
    courses = ([3, 1, 2, 2], [0.1] * 4), ([1, 2, 2], [0.1] * 3), ([5, 4, 3, 2, 1], [0.1] * 5)
    study, found = records(*courses, best=[2, 1, 5])
    (final,), counts = final_stages(study, found, [stage(5, **STOPPING)])
    assert counts == ((2, 1, 5),)
    assert final.training.epochs == len(final.rates) == 2
    assert final.training.early_stopping.patience == 0


def test_of_an_even_number_the_lower_middle_one_counts(records):
    courses = ([3, 1, 2, 2], [0.1] * 4), ([5, 4, 3, 2, 1], [0.1] * 5)
    study, found = records(*courses, best=[2, 5])
    (final,), _ = final_stages(study, found, [stage(5, **STOPPING)])
    assert final.training.epochs == 2


def test_a_plateau_found_by_validation_is_followed_without_it(records):
    rates = [0.1, 0.1, 0.01, 0.001]
    study, found = records(([4, 4, 4, 3], rates), best=[4])
    plateau = Schedule(kind="plateau", patience=1)
    (final,), _ = final_stages(study, found, [stage(4, schedule=plateau)])
    assert final.rates == tuple(rates)


def test_each_stage_ends_where_its_own_stopping_did(records):
    head, fine = [3, 1, 2, 2], [9, 8, 9, 9]
    study, found = records((head + fine, [0.1] * 4 + [0.001] * 4), best=[6])
    stages = [stage(9, **STOPPING), stage(9, **STOPPING)]
    final, counts = final_stages(study, found, stages)
    assert counts == ((2,), (2,))
    assert [each.rates for each in final] == [(0.1, 0.1), (0.001, 0.001)]


def test_without_restoring_the_last_epoch_counts(records):
    stopping = EarlyStopping(patience=2, restore_best_weights=False)
    study, found = records(([3, 1, 2, 2], [0.1] * 4), best=[4])
    (final,), _ = final_stages(study, found, [stage(9, early_stopping=stopping)])
    assert final.training.epochs == 4


@pytest.mark.parametrize(("losses", "best"), [([3, 1, 2, 2, 2], 2), ([3, 1, 2, 2], 3)])
def test_a_history_of_another_record_is_refused(records, losses, best):
    study, found = records((losses, [0.1] * 5), best=[best])
    with pytest.raises(ResultsError, match="history of trial t0 is not that of its record"):
        final_stages(study, found, [stage(5, **STOPPING)])
