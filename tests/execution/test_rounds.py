"""Rounds of a study that goes on until its verdicts are settled: no trial is trained here."""

import pytest

from cnnbench.comparison.compare import compare_records
from cnnbench.comparison.settling import look_sentence
from cnnbench.execution.budget import Budget
from cnnbench.execution.rounds import Rounds, due_trials
from cnnbench.installed import installed_plugins
from cnnbench.planning.prepare import RunOptions, prepare
from cnnbench.report.run import open_lines
from cnnbench.results.record import Samples, Status
from cnnbench.training.trial import blank_record

pytestmark = pytest.mark.usefixtures("scripted_path")

RECIPE = """
replicates = {{ from = 5, to = {most} }}
[data]
source = "digits"
train = 40
validation = 20
test = 30
[network]
filters = [2]
dense = []
head = "global_average"
[training]
epochs = 1
[[variant]]
name = "base"
[[variant]]
name = "clear"
training.epochs = 2
[[variant]]
name = "noise"
training.epochs = 3
"""
NOISE = (0.05, -0.04, 0.03, -0.02, 0.01, -0.05, 0.04, -0.01)
SAMPLES = Samples(source="digits", digest="d", train=40, validation=20, test=3000, classes=("0",))


class Laboratory:
    """A study whose outcomes are made up. fails: (variant, replicate) with another status."""

    def __init__(self, folder, most=12):
        self.folder, self.most = folder, most
        self.fails = {}
        self.rounds = []

    def study(self, most=None, *, force=False, variants=()):
        path = self.folder / "made.toml"
        path.write_text(RECIPE.format(most=most or self.most))
        options = RunOptions(self.folder / "results", force=force)
        prepared = prepare(path, ["scripted"], installed_plugins(), options, variants=variants)
        return prepared.studies[0]

    def run(self, most=None, *, stop_after=None, budget=None, **options):
        """Run all rounds; return how many trials of each variant that were."""
        study = self.study(most, **options)
        rounds = Rounds(study, budget or Budget(), anew=options.get("force", False))
        self.rounds, self.added, ran = [], [], []
        with study.store:
            study.store.write_plan(study.plan)
            for each in rounds:
                self.rounds.append(len(each.trials))
                self.added.append(len(each.added))
                for trial in each.trials:
                    if len(ran) == stop_after:
                        return self.counts(ran)
                    study.store.append(self.outcome(trial))
                    ran.append(trial.variant)
        self.cut = rounds.cut
        return self.counts(ran)

    def counts(self, ran):
        return {name: ran.count(name) for name in ("base", "clear", "noise")}

    def outcome(self, trial):
        status = self.fails.get((trial.variant, trial.replicate), Status.OK)
        record = blank_record(trial, status, "made up", None, started=0.0)
        gain = {
            "base": 0.0,
            "clear": 0.05 + NOISE[trial.replicate % 8] / 50,
            "noise": NOISE[trial.replicate % 8] + trial.replicate / 1000,
        }[trial.variant]
        metrics = {"test": {"accuracy": 0.8 + gain}} if status is Status.OK else {}
        return record.model_copy(update={"metrics": metrics, "samples": SAMPLES})

    def table(self):
        (table,) = compare_records([self.folder / "results"]).tables
        return {row.variant: row for row in table.rows}


class Sparing(Budget):
    """Lets a number of replicates through at a time, and so many rounds in all."""

    def __init__(self, *allowed):
        super().__init__()
        self.allowed = list(allowed)

    def fitting(self, trials):
        number = self.allowed.pop(0) if self.allowed else 0
        kept = sorted({trial.replicate for trial in trials})[:number]
        return tuple(trial for trial in trials if trial.replicate in kept)


@pytest.fixture
def laboratory(tmp_path):
    return Laboratory(tmp_path)


def test_the_baseline_alone_runs_as_many_as_the_first_look_takes(laboratory):
    assert laboratory.run(variants=("base",)) == {"base": 5, "clear": 0, "noise": 0}
    assert laboratory.run(variants=("base",)) == {"base": 0, "clear": 0, "noise": 0}


def test_settled_variants_stop_and_the_baseline_goes_on_to_the_most(laboratory):
    assert laboratory.run() == {"base": 12, "clear": 5, "noise": 12}
    assert laboratory.rounds == [15, 6, 8]
    assert laboratory.added == [0, 6, 8]
    assert not laboratory.cut
    assert laboratory.run() == {"base": 0, "clear": 0, "noise": 0}
    assert {name: row.n for name, row in laboratory.table().items()} == {
        "base": 12,
        "clear": 5,
        "noise": 12,
    }


@pytest.mark.parametrize("stop_after", [0, 1, 7, 14, 15, 16, 20, 21, 28])
def test_an_interrupted_study_goes_on_to_the_same_end(laboratory, stop_after):
    begun = laboratory.run(stop_after=stop_after)
    rest = laboratory.run()
    assert {name: begun[name] + rest[name] for name in begun} == {
        "base": 12,
        "clear": 5,
        "noise": 12,
    }
    assert not laboratory.study().plan.looks


def test_a_most_that_was_raised_goes_on_with_intervals_that_hold_at_any_time(laboratory):
    laboratory.run(8)
    # Five pairs are too few for such an interval, whatever they show, so that clear goes on, too.
    assert laboratory.run(12) == {"base": 4, "clear": 3, "noise": 4}
    assert laboratory.study(12).plan.looks == (8,)
    (table,) = compare_records([laboratory.folder / "results"]).tables
    assert table.anytime
    assert any("changed after a look (8, then 12)" in note for note in table.notes)


def test_trials_are_the_same_whether_their_number_is_fixed_or_not(laboratory):
    study = laboratory.study()
    path = laboratory.folder / "made.toml"
    options = RunOptions(laboratory.folder / "results")
    fixed = prepare(path, ["scripted"], installed_plugins(), options, overrides=["replicates=12"])
    assert fixed.studies[0].plan.schedule is None
    assert [trial.id for trial in fixed.trials] == [trial.id for trial in study.trials]


def test_a_failed_pair_ends_the_rounds_of_its_variant_alone(laboratory):
    laboratory.fails["noise", 2] = Status.FAILED
    assert laboratory.run() == {"base": 5, "clear": 5, "noise": 5}
    laboratory.fails.clear()
    assert laboratory.run() == {"base": 7, "clear": 0, "noise": 8}


def test_a_failed_trial_of_the_baseline_ends_the_rounds(laboratory):
    laboratory.fails["base", 1] = Status.TIMEOUT
    assert laboratory.run() == {"base": 5, "clear": 5, "noise": 5}
    laboratory.fails.clear()
    assert laboratory.run() == {"base": 8, "clear": 0, "noise": 7}


def test_what_the_backend_can_not_train_holds_nobody(laboratory):
    laboratory.fails |= {("clear", r): Status.UNSUPPORTED for r in range(12)}
    assert laboratory.run() == {"base": 12, "clear": 5, "noise": 12}
    due = due_trials(laboratory.study())  # this backend can, by now
    assert max(trial.replicate for trial in due.most) == 4


def test_a_variant_that_is_left_out_holds_nobody(laboratory):
    assert laboratory.run(variants=("noise",)) == {"base": 12, "clear": 0, "noise": 12}
    assert laboratory.run() == {"base": 0, "clear": 5, "noise": 0}


def test_a_study_that_is_run_anew_goes_by_its_own_records(laboratory):
    laboratory.run()
    assert laboratory.run(force=True) == {"base": 12, "clear": 5, "noise": 12}


def test_what_may_run_is_told_from_what_runs_in_any_case(laboratory):
    due = due_trials(laboratory.study())
    assert (len(due.next), len(due.most)) == (15, 36)
    laboratory.run(stop_after=15)
    due = due_trials(laboratory.study())
    assert (len(due.next), len(due.most)) == (6, 14)


def test_a_look_is_told_in_a_sentence(laboratory):
    laboratory.run(stop_after=15)
    settlement = due_trials(laboratory.study()).settlement
    said = "look after 5 replicates: clear better; 1 variant goes on to 8"
    assert look_sentence(settlement) == said


def test_a_budget_ends_a_study_between_replicates_and_it_goes_on_from_there(laboratory):
    assert laboratory.run(budget=Sparing(1, 2)) == {"base": 3, "clear": 3, "noise": 3}
    assert laboratory.cut
    assert laboratory.table()["noise"].judgement.n == 0
    assert laboratory.run(budget=Sparing(2, 1, 1)) == {"base": 4, "clear": 2, "noise": 4}
    assert (laboratory.rounds, laboratory.added) == ([6, 2, 2], [0, 6, 0])
    assert laboratory.cut
    assert laboratory.table()["noise"].judgement.n == 5
    assert laboratory.run() == {"base": 5, "clear": 0, "noise": 5}
    assert not laboratory.cut
    assert not laboratory.study().plan.looks


def test_a_budget_ends_a_fixed_number_of_replicates_as_well(laboratory):
    text = RECIPE.replace("{{ from = 5, to = {most} }}", "{most}")
    (laboratory.folder / "made.toml").write_text(text.format(most=3))
    options = RunOptions(laboratory.folder / "results")
    (study,) = prepare(
        laboratory.folder / "made.toml", ["scripted"], installed_plugins(), options
    ).studies
    rounds = Rounds(study, Sparing(1, 1))
    assert [len(each.trials) for each in rounds] == [3, 3]
    assert rounds.cut


def test_a_run_whose_budget_ends_says_what_is_open_and_how_to_go_on(laboratory):
    laboratory.run(budget=Sparing(5, 1))
    study = laboratory.study()
    settlement = due_trials(study).settlement
    (line,) = open_lines(study.recipe, {"scripted": settlement}, ["cnnbench", "run"], cut=True)
    assert line == "The budget is spent, with noise open. To go on: cnnbench run"


def test_a_study_that_ends_open_says_what_more_would_mean(laboratory):
    laboratory.run()
    study = laboratory.study()
    open_now = {"a": due_trials(study).settlement, "b": due_trials(study).settlement}
    first, second = open_lines(study.recipe, open_now, ["cnnbench", "run", "a b"], cut=False)
    assert first == (
        "It ends after 12 replicates, the most allowed, with noise on a and noise on b open."
    )
    assert second.endswith(": cnnbench run 'a b' --set replicates.to=24")


def test_a_study_that_waits_for_a_failed_trial_says_so(laboratory):
    laboratory.fails["noise", 2] = Status.FAILED
    laboratory.run()
    study = laboratory.study()
    due = due_trials(study)
    (line,) = open_lines(study.recipe, {"scripted": due.settlement}, ["it"], cut=False)
    assert line == "The study waits for trials that failed, with noise open. To try again: it"


def test_a_run_of_one_variant_says_nothing_of_those_its_command_would_not_run(laboratory):
    laboratory.fails["noise", 2] = Status.FAILED
    laboratory.run()
    study = laboratory.study()
    settlements = {"scripted": due_trials(study).settlement}

    def said(asked):
        return list(open_lines(study.recipe, settlements, ["it"], asked=asked, cut=False))

    assert said(["clear"]) == []
    assert said(["clear", "noise"]) == said([])


def test_a_settled_study_says_nothing_more(laboratory):
    laboratory.run(variants=("clear",))
    study = laboratory.study(variants=("clear",))
    settlement = due_trials(study).settlement
    assert list(open_lines(study.recipe, {"scripted": settlement}, ["it"], cut=False)) == []
