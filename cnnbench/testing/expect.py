"""Comparisons that fail with a sentence: what was expected, what came, what may be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnbench.network.network import Weights
from cnnbench.plugin.backend import EpochResult
from cnnbench.testing.finding import Failed

VALUES = 2e-5
"""Relative tolerance of values after one forward pass in float32."""
MOVES = 2e-3
"""Relative tolerance of what a few optimiser steps changed, which are differences of float32."""
_ROUNDING = 5e-7
"""Absolute tolerance of a weight near 1: a few units in the last place of float32."""


def expect(condition: bool, sentence: str) -> None:
    """Fail with the sentence unless the condition holds."""
    if not condition:
        raise Failed(sentence)


def expect_equal(what: str, got: object, expected: object, hint: str) -> None:
    """Fail unless both are equal."""
    expect(got == expected, f"{what}: expected {expected}, got {got}; {hint}")


def expect_names(what: str, got: Iterable[str], expected: Iterable[str], hint: str) -> None:
    """Fail unless both hold the same names; says which are missing and which are too many."""
    missing, extra = set(expected).difference(got), set(got).difference(expected)
    parts = [
        f"{word} {', '.join(sorted(names))}"
        for word, names in (("without", missing), ("with an unknown", extra))
        if names
    ]
    expect(not parts, f"the arrays {what}: came {' and '.join(parts)}; {hint}".replace(" :", ":"))


def expect_close(
    what: str,
    got: ArrayLike,
    expected: ArrayLike,
    hint: str,
    *,
    tolerance: float = VALUES,
    scale: float | None = None,
    rounding: float = 0.0,
) -> None:
    """Fail where the arrays differ by more than tolerance * scale + rounding, or in shape.

    scale: the largest expected magnitude if not given.
    """
    ours, right = np.asarray(got, np.float64), np.asarray(expected, np.float64)
    expect_equal(f"the shape of {what}", ours.shape, right.shape, hint)
    if scale is None:
        scale = float(np.abs(right).max(initial=0.0))
    difference = np.abs(ours - right)
    # Written so that NaN is a difference.
    wrong = ~(difference <= tolerance * scale + rounding)
    if not wrong.any():
        return
    worst = _worst(difference)
    place = f" at {list(map(int, worst))}" if worst else ""
    count = f" ({int(wrong.sum())} of {wrong.size} values differ)" if worst else ""
    raise Failed(
        f"{what}: expected {right[worst]:.7g}{place}, got {ours[worst]:.7g}{count}; {hint}"
    )


def expect_result(
    what: str, got: EpochResult, expected: EpochResult, hint: str, *, tolerance: float = 1e-4
) -> None:
    """Fail unless an epoch reports what the reference does."""
    for name in ("loss", "penalty"):
        close = partial(expect_close, hint=hint, tolerance=tolerance)
        close(f"the {name} {what}", getattr(got, name), getattr(expected, name))
    expect_equal(f"the number classified correctly {what}", got.correct, expected.correct, hint)
    expect_equal(f"the number of images {what}", got.count, expected.count, hint)


def expect_moves(
    what: str,
    start: Weights,
    got: Weights,
    expected: Weights,
    hint: str,
    *,
    tolerance: float = MOVES,
) -> None:
    """Fail where weights did not move from `start` as the reference's did.

    Gradients come from the output down, so the topmost array that moves wrongly is the one named.
    """
    expect_names(what, got, expected, hint)
    moves = {name: _difference(expected, start, name) for name in expected}
    largest = max(float(np.abs(move).max(initial=0.0)) for move in moves.values())
    for name, move in reversed(moves.items()):
        # An array that hardly moves is judged beside those that do: rounding reaches it from them.
        scale = max(float(np.abs(move).max(initial=0.0)), 0.01 * largest)
        expect_close(
            f"the move of {name} {what}",
            _difference(got, start, name),
            move,
            hint,
            tolerance=tolerance,
            scale=scale,
            rounding=_ROUNDING * max(1.0, float(np.abs(start[name]).max(initial=0.0))),
        )


def expect_share(what: str, fell: NDArray[np.bool_], chance: float, hint: str) -> None:
    """Fail where the share of those that fell is not the chance that each of them has.

    Within five standard deviations: one run in a million is further off by chance.
    """
    share = float(fell.mean())
    expect(
        abs(share - chance) <= 5 * np.sqrt(chance * (1 - chance) / fell.size),
        f"{what}: expected {chance:.3f}, got {share:.3f}; {hint}",
    )


def expect_same(what: str, got: Weights, expected: Weights, hint: str) -> None:
    """Fail unless every array is exactly equal."""
    expect_names(what, got, expected, hint)
    for name, right in expected.items():
        if not np.array_equal(got[name], right, equal_nan=True):
            expect_close(f"{name} {what}", got[name], right, hint, tolerance=0.0)


def _worst(difference: NDArray[np.float64]) -> tuple[Any, ...]:
    filled = np.where(np.isnan(difference), np.inf, difference)
    return tuple(np.unravel_index(int(filled.argmax()), filled.shape))


def _difference(
    weights: Mapping[str, NDArray[np.float32]], start: Weights, name: str
) -> NDArray[np.float64]:
    now, before = np.asarray(weights[name], np.float64), np.asarray(start[name], np.float64)
    if now.shape != before.shape:
        raise Failed(
            f"the shape of {name}: expected {before.shape}, got {now.shape}; "
            "return arrays in the canonical layout"
        )
    return now - before
