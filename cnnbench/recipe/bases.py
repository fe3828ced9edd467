"""The `[pretrain.NAME]` tables of documents and what the command line changes in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from cnnbench.errors import Problem, did_you_mean
from cnnbench.recipe.document import Document
from cnnbench.recipe.entries import Entry
from cnnbench.recipe.explain import unknown_key
from cnnbench.recipe.file import OF_A_BASE, PRETRAIN, SECTIONS
from cnnbench.recipe.setting import Key, Setting, dotted, merge
from cnnbench.recipe.words import kind_of

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
NAMED = "a base has a name, which stands behind the point: [pretrain.NAME.data]"


def add_bases(bases: dict[str, Entry], document: Document, tables: object) -> Iterator[Problem]:
    """Add those of a document; keys that one of the same name has already are replaced."""
    if not isinstance(tables, dict):
        yield document.problem((PRETRAIN,), PRETRAIN, f"got {kind_of(tables)}; {NAMED}")
        return
    for name, table in tables.items():
        at = (PRETRAIN, name)
        if not isinstance(table, dict) or name in SECTIONS:
            yield document.problem(at, dotted(at), NAMED)
            continue
        if not NAME.fullmatch(name):
            message = f"the name of a base is made of letters, digits, - and _, not {name!r}"
            yield document.problem(at, dotted(at), message)
            continue
        for key in table.keys() - set(OF_A_BASE):
            yield document.problem((*at, key), dotted((*at, key)), _unknown(key))
        sections = {key: value for key, value in table.items() if key in OF_A_BASE}
        place = document.setting(name, (), at)
        own = document.settings(sections, at)
        before = bases[name].settings if name in bases else {}
        bases[name] = Entry(name, "", merge(before, own), place)


def change_base(bases: dict[str, Entry], key: Key, setting: Setting) -> Iterator[Problem]:
    """Change what `--set pretrain.NAME.SECTION.KEY=VALUE` says."""
    _, name, *rest = (*key, "", "")[: max(len(key), 2)]
    if name not in bases:
        listed = did_you_mean(name, bases, "the recipe has") if bases else ""
        yield setting.problem(dotted(key), f"there is no section [pretrain.{name}]{listed}")
    elif len(rest) < 2:  # noqa: PLR2004 - a section and a key
        yield setting.problem(dotted(key), "expected pretrain.NAME.SECTION.KEY=VALUE")
    elif rest[0] not in OF_A_BASE:
        yield setting.problem(dotted(key), _unknown(rest[0]))
    else:
        changed = {tuple(rest): replace(setting, lines=setting.lines[2:])}
        entry = bases[name]
        bases[name] = replace(entry, settings=merge(entry.settings, changed))


def _unknown(key: str) -> str:
    if key in SECTIONS:
        return f"a base is trained as one network by itself, without [{key}]: leave it out"
    return unknown_key(key, OF_A_BASE)
