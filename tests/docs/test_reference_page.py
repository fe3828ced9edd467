"""results/reference/README.md tells how each of the reference records was made.

To write its tables anew: CNNBENCH_UPDATE=1 pytest tests/docs/test_reference_page.py
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from cnnbench.results.read import read_results

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "results" / "reference"
PAGE = REFERENCE / "README.md"
PART = re.compile(r"(?<=<!-- begin records -->\n)(.*?)(?=<!-- end -->)", re.DOTALL)
VERSIONS = {"python": "Python", "numpy": "NumPy", "opencv": "OpenCV"}


def processor(environment) -> str:
    """The words by which the page names it: "Intel Xeon"."""
    return re.sub(r"\(R\)| Processor", "", environment["cpu"])


def day(started: float) -> str:
    return f"{datetime.fromtimestamp(started, UTC):%Y-%m-%d}"


def days(records) -> str:
    """The first and the last on which one began."""
    first, last = (day(edge(x.started for x in records)) for edge in (min, max))
    return first if first == last else f"{first} to {last}"


def row(name, backend, cpu, records) -> str:
    slots = sorted({f"{x.beside.slots} x {x.beside.threads}" for x in records}, reverse=True)
    load = median(x.beside.load for x in records)
    facts = (name, backend, len(records), days(records), cpu, " and ".join(slots), f"{load:.1f}")
    return f"| {' | '.join(map(str, facts))} |\n"


def rows(studies) -> Iterator[str]:
    """One for each recipe, backend and processor; with the variants where it holds some alone."""
    for study in studies:
        by_processor = defaultdict(list)
        for record in study.records:
            by_processor[processor(study.environments[record.environment])].append(record)
        for cpu, records in by_processor.items():
            recipe, backend = records[0].recipe, records[0].backend
            variants = list(dict.fromkeys(x.variant for x in records))
            some = len(by_processor) > 1
            yield row(f"{recipe}: {', '.join(variants)}" if some else recipe, backend, cpu, records)


def versions(studies) -> str:
    found = defaultdict(set)
    for environment in (x for study in studies for x in study.environments.values()):
        for name, word in VERSIONS.items():
            found[word].add(environment[name])
        for name, version in environment["backend_versions"].items():
            found[name].add(version)
    return ", ".join(f"{name} {' and '.join(sorted(found[name]))}" for name in found)


def test_the_page_tells_how_each_record_was_made():
    studies = read_results([REFERENCE]).studies
    assert {x.folder for x in studies} == {x.parent for x in REFERENCE.glob("*/*/plan.json")}
    table = (
        "| recipe | backend | records | made on | processor | trials x threads | load |\n"
        "|---|---|---|---|---|---|---|\n" + "".join(rows(studies))
    )
    text = PAGE.read_text(encoding="utf-8")
    made = PART.sub(lambda _: f"\n{table}\nVersions: {versions(studies)}.\n\n", text)
    if os.environ.get("CNNBENCH_UPDATE"):
        PAGE.write_text(made, encoding="utf-8")
        text = made
    assert PART.search(text)
    assert made == text, "write it anew: CNNBENCH_UPDATE=1 pytest tests/docs/test_reference_page.py"


def test_every_processor_of_the_records_is_told():
    text = PAGE.read_text(encoding="utf-8")
    for study in read_results([REFERENCE]).studies:
        for environment in study.environments.values():
            assert re.search(rf"^- {processor(environment)}: ", text, re.MULTILINE)
            if told := environment.get("processor"):
                assert told.partition(", ")[2].rpartition(", ")[0] in text


def test_pages_that_quote_records_name_the_processor_that_made_them():
    made = defaultdict(set)
    for study in read_results([REFERENCE]).studies:
        made[study.folder.parent.name] |= {processor(x) for x in study.environments.values()}
    seen = set()
    for page in (ROOT / "docs").rglob("*.md"):
        for paragraph in page.read_text(encoding="utf-8").split("\n\n"):
            said = set(re.findall("AMD EPYC|Intel Xeon", " ".join(paragraph.split())))
            for name in set(re.findall(r"results/reference/(\w+)", paragraph)) & made.keys():
                assert said <= made[name], (page, name)
                seen |= {name} if said else set()
    assert {"photos", "ensembles"} <= seen
