"""Print the tables of docs/statistics.md: errors, coverage and power of the rule, simulated.

    python tests/simulations/tables.py [--runs N]

The seed of every study is 1 and the number of runs stands above each table; the Monte-Carlo error
of a share p is the root of p (1 - p) / runs: .002 for .05, .004 for .8 with 10,000 runs.
"""

from __future__ import annotations

import argparse

from studies import KINDS, peek, simulate, values_covered

from cnnbench.comparison.inference.schedule import LookSchedule

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


if __name__ == "__main__":
    main()
