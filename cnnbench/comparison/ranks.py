"""Variants over several data sets: which of them ranks best, and whether by more than chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnnbench.comparison.inference.data_sets import FEWEST_SETS, FEWEST_TECHNIQUES, rank
from cnnbench.comparison.metrics import Measure
from cnnbench.comparison.select import Selection
from cnnbench.comparison.settings import first_few
from cnnbench.comparison.values import Ranks, Table, located

_TWO = 2


@dataclass(frozen=True, slots=True)
class _Tried:
    """A table's means of the variants that it has results of, on its one data set."""

    selection: Selection
    source: str
    digest: str
    things: str
    means: dict[str, float]

    @property
    def title(self) -> str:
        return located(self.selection.recipe, self.selection.place)


def ranks_over(
    selections: Sequence[Selection],
    tables: Sequence[Table],
    measure: Measure,
    *,
    asked: bool = False,
) -> tuple[tuple[Ranks, ...], tuple[str, ...]]:
    """Rank the variants that tables of one backend share, where they are of several data sets.

    tables: of the selections, one each. Variants are the same where their names are; a data set
    counts once, however many studies are of its images. asked: whether to say why where nothing is
    ranked though there are several data sets. Returns the ranks, and a note for each reason.
    """
    if measure.metric.cost:
        return (), ()
    tried = [x for both in zip(selections, tables, strict=True) if (x := _tried(*both))]
    found, notes = [], list[str]()
    for backend in dict.fromkeys(x.selection.backend for x in tried):
        own = [x for x in tried if x.selection.backend == backend]
        for group in _groups(own):
            distinct = {x.digest: x for x in reversed(group)}
            once = [x for x in group if distinct[x.digest] is x]
            notes += _twice(group, once)
            shared = _shared(once)
            if len(once) < _TWO:
                continue
            if len(once) >= FEWEST_SETS and len(shared) >= FEWEST_TECHNIQUES:
                found.append(_ranks(backend, once, shared, measure))
            elif asked or len(shared) >= FEWEST_TECHNIQUES:
                notes.append(_too_few(once, shared))
    if asked and not found and not notes and len({x.digest for x in tried}) > 1:
        named = first_few(list(dict.fromkeys(x.title for x in tried)))
        notes.append(
            f"no ranks over data sets, as {named} share fewer than {FEWEST_TECHNIQUES} variants on "
            "one backend; variants are the same where their names are"
        )
    return tuple(found), tuple(dict.fromkeys(notes))


def _tried(selection: Selection, table: Table) -> _Tried | None:
    """None of a study of several data sets, or of none that its records tell."""
    samples = [x.samples for series in selection.series for x in series.ok.values() if x.samples]
    means = {row.variant: row.value.mean for row in table.rows if row.value and not row.diverged}
    digests = {x.digest for x in samples}
    if len(digests) != 1 or not means:
        return None
    return _Tried(selection, samples[0].source, digests.pop(), samples[0].things, means)


def _groups(tried: Sequence[_Tried]) -> list[list[_Tried]]:
    """Tables that have at least two variants in common, each in the first group that it fits."""
    groups: list[list[_Tried]] = []
    for each in tried:
        group = next((x for x in groups if len(_shared([*x, each])) >= _fewest([*x, each])), None)
        if group is None:
            groups.append([each])
        else:
            group.append(each)
    return groups


def _fewest(group: Sequence[_Tried]) -> int:
    """A table that shares only two variants does not keep others from being ranked by three."""
    return min(FEWEST_TECHNIQUES, max(_TWO, len(_shared(group[:-1]))))


def _shared(group: Sequence[_Tried]) -> list[str]:
    first, *others = group
    return [name for name in first.means if all(name in x.means for x in others)]


def _twice(group: Sequence[_Tried], once: Sequence[_Tried]) -> Iterator[str]:
    kept = {x.digest: x.title for x in once}
    if len(once) >= FEWEST_SETS:
        for each in group:
            if each not in once:
                whose = f"the {each.things} of {kept[each.digest]}"
                yield f"{each.title} is not ranked, as it is of {whose}"


def _too_few(once: Sequence[_Tried], shared: Sequence[str]) -> str:
    here = f"here are {len(shared)} on {len(once)} ({', '.join(_names(once))})"
    return (
        f"no ranks over data sets, which take at least {FEWEST_TECHNIQUES} variants on "
        f"{FEWEST_SETS} data sets: {here}"
    )


def _ranks(backend: str, once: Sequence[_Tried], shared: Sequence[str], measure: Measure) -> Ranks:
    means = {name: tuple(x.means[name] for x in once) for name in shared}
    left_out = dict.fromkeys(name for x in once for name in x.means if name not in means)
    notes = [f"not on all of the data sets, so not ranked: {first_few(list(left_out))}"]
    return Ranks(
        backend,
        tuple(_names(once)),
        means,
        rank(means, higher_is_better=measure.metric.higher_is_better),
        tuple(notes) if left_out else (),
    )


def _names(once: Sequence[_Tried]) -> list[str]:
    """Of the data sets, each as short as tells it from the others."""
    for name in (_short, _source, _source_and_recipe, _title):
        names = [name(x) for x in once]
        if len(set(names)) == len(names):
            return names
    counts = Counter(names)
    return [
        f"{name} ({each.digest[:8]})" if counts[name] > 1 else name
        for each, name in zip(once, names, strict=True)
    ]


def _short(tried: _Tried) -> str:
    return Path(tried.source.partition(":")[2] or tried.source).stem or tried.source


def _source(tried: _Tried) -> str:
    return tried.source


def _source_and_recipe(tried: _Tried) -> str:
    return f"{tried.source} ({tried.selection.recipe})"


def _title(tried: _Tried) -> str:
    return tried.title
