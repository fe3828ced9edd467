"""Print the tables of docs/statistics.md: errors, coverage and power of the rule, simulated.

    python tests/simulations/tables.py [--runs N]

The seed of every study is 1 and the number of runs stands above each table; the Monte-Carlo error
of a share p is the root of p (1 - p) / runs: .002 for .05, .004 for .8 with 10,000 runs.
"""

from __future__ import annotations

import argparse

from images import DESIGNS
from images import coverage as coverage_of_images
from ranks import false_claims
from studies import KINDS, peek, simulate, values_covered

from cnnbench.comparison.inference.schedule import LookSchedule, looks_to

SEED = 1
SIZES = (2, 6, 12)
SD = 2.26
SMALL_DATA = tuple(points / SD for points in (2.3, 0.4, 0.0, 1.5, 4.8, 4.7))
"""Six variants with the effects of small_data over their standard deviation, both in points."""
WAYS = {"fixed 5": {"n": 5}, "fixed 10": {"n": 10}, "fixed 30": {"n": 30}, "5 to 30": {"most": 30}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000)
    runs = parser.parse_args().runs
    print(f"Seed {SEED}, {runs:,} runs a figure.\n")
    errors(runs)
    coverage(runs)
    power(runs)
    small_data(runs)
    peeking(runs)
    stopping(runs)
    values(runs)
    equivalence(runs)
    at_the_margin(runs)
    many_looks(runs)
    over_images(runs)
    ranks(runs)


def errors(runs: int) -> None:
    print("Studies with a false claim, nothing works:\n")
    print(f"| replicates | {' | '.join(f'{k}, {m} variants' for k in KINDS for m in SIZES)} |")
    print(f"|---|{'---|' * len(KINDS) * len(SIZES)}")
    for name, way in WAYS.items():
        cells = [
            simulate((0.0,) * size, runs=runs, seed=SEED, kind=kind, **way).family_error
            for kind in KINDS
            for size in SIZES
        ]
        print(f"| {name} | {' | '.join(f'{x:.3f}' for x in cells)} |", flush=True)


def coverage(runs: int) -> None:
    print("\nTrue differences inside the interval, six variants:\n")
    print("| replicates, true differences | plain | verdict's | verdict's, all six at once |")
    print("|---|---|---|---|")
    cases = {"none": (0.0,) * 6, "five large, one none": (3.0,) * 5 + (0.0,), "1 each": (1.0,) * 6}
    for name, way in WAYS.items():
        for case, effects in cases.items():
            found = simulate(effects, runs=runs, seed=SEED, **way)
            cells = (found.coverage_plain, found.coverage, found.coverage_of_all)
            print(f"| {name}, {case} | {' | '.join(f'{x:.3f}' for x in cells)} |", flush=True)


def power(runs: int) -> None:
    effects = (0.5, 0.75, 1.0, 1.5, 2.0)
    print("\nOne variant: true differences found (mean number of replicates):\n")
    print(f"| replicates | {' | '.join(f'{d} sd' for d in effects)} |")
    print(f"|---|{'---|' * len(effects)}")
    ways = {f"fixed {n}": {"n": n} for n in (3, 5, 8, 12, 18, 30)} | {"5 to 30": {"most": 30}}
    for name, way in ways.items():
        found = [simulate((d,), runs=runs, seed=SEED, **way) for d in effects]
        cells = [f"{x.power[0]:.2f} ({x.trials / 2:.1f})" for x in found]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def small_data(runs: int) -> None:
    print("\nSix variants as in small_data: false claims, found of each, trials:\n")
    print("| replicates | false | 2.3 | 0.4 | 0.0 | 1.5 | 4.8 | 4.7 points | trials |")
    print(f"|---|{'---|' * 8}")
    ways = {**WAYS, "30, any time": {"n": 30, "schedule": LookSchedule(anytime=True)}}
    for name, way in ways.items():
        found = simulate(SMALL_DATA, runs=runs, seed=SEED, **way)
        cells = " | ".join(f"{x:.2f}" for x in found.power)
        print(f"| {name} | {found.family_error:.3f} | {cells} | {found.trials:.0f} |", flush=True)


def peeking(runs: int) -> None:
    print("\nWithout the rule: tables with a false difference, nothing works, uncorrected looks:\n")
    print("| looks | 1 variant | 6 variants |")
    print("|---|---|---|")
    ways = {"5": (5,), "5, 10": (5, 10), "5, 10, 20": (5, 10, 20), "each of 5 to 30": range(5, 31)}
    for name, looks in ways.items():
        cells = (peek(looks, variants=m, runs=runs, seed=SEED) for m in (1, 6))
        print(f"| {name} | {' | '.join(f'{x:.3f}' for x in cells)} |", flush=True)


def stopping(runs: int) -> None:
    print("\nOne variant, 5 to 30: mean difference seen over the true one:\n")
    effects = (0.5, 1.0, 2.0)
    cells = [simulate((d,), runs=runs, seed=SEED, most=30).mean / d for d in effects]
    print(f"| {' | '.join(f'{d} sd' for d in effects)} |\n|{'---|' * len(effects)}")
    print(f"| {' | '.join(f'{x:.2f}' for x in cells)} |", flush=True)


def values(runs: int) -> None:
    print("\nSix variants as in small_data: means of values inside their own plain interval:\n")
    print("| replicates | baseline | variants |\n|---|---|---|")
    for name, way in {"fixed 5": {"n": 5}, "5 to 30": {"most": 30}}.items():
        cells = values_covered(SMALL_DATA, runs=runs, seed=SEED, **way)
        print(f"| {name} | {' | '.join(f'{x:.3f}' for x in cells)} |", flush=True)


def equivalence(runs: int) -> None:
    print("\nOne variant without effect, 5 to 30: called the same (mean number of replicates):\n")
    spreads = (0.8, 1.5, 2.3)
    found = [simulate((0.0,), runs=runs, seed=SEED, most=30, margin=1 / s) for s in spreads]
    print(f"| {' | '.join(f's = {s} margins' for s in spreads)} |\n|{'---|' * len(spreads)}")
    cells = [f"{x.same / x.runs:.2f} ({x.trials / 2:.1f})" for x in found]
    print(f"| {' | '.join(cells)} |", flush=True)


def at_the_margin(runs: int) -> None:
    print("\nSix variants that differ by just the margin: tables that call one of them smaller:\n")
    ways = {"fixed 5": (5, 0), "fixed 10": (10, 0), "5 to 30": (0, 30)}
    print(f"| {' | '.join(ways)} |\n|{'---|' * len(ways)}")
    cells = []
    for n, most in ways.values():
        size = 4 / (n or most) ** 0.5
        found = simulate((size,) * 6, runs=runs, seed=SEED, n=n, most=most, margin=size)
        cells.append(f"{found.called_small / runs:.3f}")
    print(f"| {' | '.join(cells)} |", flush=True)


def many_looks(runs: int) -> None:
    print("\nSix variants without effect, and one of 0.3 sd found (mean number of replicates):\n")
    heads = (*(f"false, {kind}" for kind in KINDS), "found, fixed", "few looks", "these looks")
    print(f"| replicates | looks | {' | '.join(heads)} |\n|---|---|{'---|' * len(heads)}")
    for most in (30, 60, 100):
        errors = [
            simulate((0.0,) * 6, runs=runs, seed=SEED, kind=kind, most=most).family_error
            for kind in KINDS
        ]
        few = LookSchedule((5, 8, 12, 18, most))
        ways = ({"n": most}, {"most": most, "schedule": few}, {"most": most})
        found = [simulate((0.3,), runs=runs, seed=SEED, **way) for way in ways]
        cells = [f"{x:.3f}" for x in errors]
        cells += [f"{x.power[0]:.2f} ({x.trials / 2:.1f})" for x in found]
        looks = ", ".join(map(str, looks_to(most).looks))
        print(f"| 5 to {most} | {looks} | {' | '.join(cells)} |", flush=True)


def over_images(runs: int) -> None:
    """A fifth of the runs: each trains hundreds of classifiers."""
    runs = max(1, runs // 5)
    print(f"\nMean accuracies inside the interval, over new images, {runs:,} studies each:\n")
    print("| images | replicates | Student's | with predictions | without |\n|---|---|---|---|---|")
    counts = (5, 12, 30)
    for name, design in DESIGNS.items():
        found = coverage_of_images(design, counts, runs=runs, seed=SEED)
        for count, x in zip(counts, found, strict=True):
            cells = (x.student, x.known, x.at_most)
            print(f"| {name} | {count} | {' | '.join(f'{c:.3f}' for c in cells)} |", flush=True)


def ranks(runs: int) -> None:
    print("\nRanks over data sets, no technique better than another: false claims:\n")
    print("| data sets | techniques | F | shuffled ranks | a pair |\n|---|---|---|---|---|")
    for data_sets in (3, 5, 10):
        for techniques in (3, 5, 10):
            found = false_claims(techniques, data_sets, runs=10 * runs, seed=SEED)
            cells = " | ".join(f"{x:.3f}" for x in (found.f, found.shuffled, found.pairs))
            print(f"| {data_sets} | {techniques} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
