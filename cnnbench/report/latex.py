"""A comparison as LaTeX: a table environment each, in the style of the package booktabs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cnnbench.comparison.metrics import Unit
from cnnbench.comparison.values import Comparison, Table, name_of
from cnnbench.report.cells import Column, title_of
from cnnbench.report.columns import columns_of, reference_of
from cnnbench.report.printable import printable
from cnnbench.report.ranks import ranks_columns, ranks_explanation, ranks_title
from cnnbench.report.sentences import has_intervals, looks_of, reach_of

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    **{character: f"\\{character}" for character in "&%$#_"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\symbol{34}",
    "`": r"\symbol{96}",
    "±": r"\ensuremath{\pm}",
}
_LIGATURE = re.compile(r"([-',])(?=\1)")
"""What two of a kind would make another character of."""
_NEGATIVE = re.compile(r"(?<![^\[ ])-(?=\d)")
_MINUS = "\N{MINUS SIGN}"


def latex_text(comparison: Comparison) -> str:
    r"""A table environment for each recipe, for \usepackage{booktabs}; notes stand below each.

    What concerns all tables is a comment before them.
    """
    head = ["% needs \\usepackage{booktabs}", *(f"% {_line(x)}" for x in comparison.notes)]
    drawn = [
        *(
            (name_of(comparison, x), columns_of(comparison, x), caption_of(comparison, x), x.notes)
            for x in comparison.tables
        ),
        *(
            (
                f"ranks on {x.backend}",
                ranks_columns(comparison, x),
                f"{ranks_title(x)}. {ranks_explanation(comparison, x)}",
                x.notes,
            )
            for x in comparison.ranks
        ),
    ]
    labels = [_label(name) for name, *_ in drawn]
    parts = []
    for i, (_, columns, caption, notes) in enumerate(drawn):
        again = labels[:i].count(labels[i])
        label = f"{labels[i]}-{again + 1}" if again else labels[i]
        parts.append("\n".join(_table_lines(columns, caption, label, notes)))
    return "\n\n".join(["\n".join(head), *parts]) + "\n"


def escaped(text: str) -> str:
    """Text of others on one line, no character of which is a command to LaTeX."""
    made = "".join(_ESCAPES.get(character, character) for character in _line(text))
    made = _LIGATURE.sub(r"\1{}", made)
    # After the end of a row these would belong to it: \\[1pt], \\*.
    return f"{{}}{made}" if made.startswith(("[", "*")) else made


def caption_of(comparison: Comparison, table: Table) -> str:
    """What a reader of the table alone has to know: over how many, by which test, corrected how."""
    return " ".join(_caption(comparison, table))


def _caption(comparison: Comparison, table: Table) -> Iterator[str]:
    metric = comparison.metric
    title = title_of(comparison, table).rstrip(".")
    yield title if title.endswith(("?", "!")) else f"{title}."
    what = metric.title if metric.cost else f"{metric.title} on {comparison.split} {table.things}"
    what = f"{what[0].upper()}{what[1:]}"
    direction = "higher" if metric.higher_is_better else "lower"
    if metric.constant:
        yield f"{what}, counted from the network; {direction} is better."
        return
    counts = {row.n for row in table.rows}
    over = "replicates and folds" if table.folds else "replicates"
    n = f"n = {counts.pop()} {over}" if len(counts) == 1 else f"n {over}, told in each row"
    reach = reach_of(comparison, table)
    shown = "mean and 95 % interval" if has_intervals(table) else "mean"
    yield f"{what}, {direction} is better: {shown} over {n}{reach}."
    if not any(row.judgement for row in table.rows):
        return
    to = reference_of(comparison, table) or table.baseline
    points = ", in percentage points" if metric.unit is Unit.FRACTION else ""
    yield f"Differences to {to} are paired by replicate{points}."
    if not any(row.judgement and row.judgement.p is not None for row in table.rows):
        return
    yield f"Test: {_test(table)}; {_correction(table)}."
    if table.margin:
        yield f"Smallest difference that matters: {table.margin.words}."


def _test(table: Table) -> str:
    if table.anytime:
        return "the t test that holds at any time, as replicates were added after a look"
    if looks := looks_of(table):
        return (
            f"Student's paired t test, two-sided, at looks after {looks}, the level spent in "
            "proportion to them (Lan and DeMets 1983), with repeated intervals (Jennison and "
            "Turnbull 1989)"
        )
    folds = (
        f", its variance corrected for the {table.things} that folds share" if table.folds else ""
    )
    return f"Student's paired t test, two-sided{folds}"


def _correction(table: Table) -> str:
    if table.family > 1:
        return f"Holm's correction for {table.family} comparisons, level .05"
    return "one comparison, so without a correction, level .05"


def _table_lines(
    columns: Sequence[Column], caption: str, label: str, notes: Sequence[str]
) -> Iterator[str]:
    yield r"\begin{table}[htbp]"
    yield r"\centering"
    yield rf"\caption{{{escaped(caption)}}}"
    yield rf"\label{{{label}}}"
    yield rf"\begin{{tabular}}{{{''.join('r' if x.numeric else 'l' for x in columns)}}}"
    yield r"\toprule"
    yield _row(escaped(column.head) for column in columns)
    yield r"\midrule"
    for cells in zip(*(map(_cell, [x] * len(x.cells), x.cells) for x in columns), strict=True):
        yield _row(iter(cells))
    yield r"\bottomrule"
    yield r"\end{tabular}"
    for note in notes:
        yield rf"\par\smallskip{{\footnotesize Note: {escaped(note)}\par}}"
    yield r"\end{table}"


def _row(cells: Iterator[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(column: Column, text: str) -> str:
    """A number's minus is not a hyphen; a cell without a value has a dash."""
    if text == "-":
        return "--"
    if not column.numeric:
        return escaped(text)
    return escaped(_NEGATIVE.sub(_MINUS, text)).replace(_MINUS, r"\ensuremath{-}")


def _line(text: str) -> str:
    """On one line, with commands to a terminal written out."""
    return " ".join(printable(text).split())


def _label(name: str) -> str:
    """A name that LaTeX can refer to: letters, digits and hyphens."""
    return f"tab:{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-') or 'comparison'}"
