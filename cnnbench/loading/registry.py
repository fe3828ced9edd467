"""From an entry point to what a plugin brings; one mistake in it refuses the whole plugin.

That another plugin brings the same name is no mistake of either: see `claims`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from importlib.metadata import EntryPoint
from itertools import islice
from types import ModuleType

import pluggy

from cnnbench.errors import did_you_mean, meant
from cnnbench.loading.foreign import foreign, shown
from cnnbench.loading.found import BASE, KINDS, TRACKER, Found, Kind, Origin, Tracker
from cnnbench.loading.guards import guarded
from cnnbench.network.bases import BASES
from cnnbench.plugin import hooks
from cnnbench.recipe.transfer import NO_BASE

STATEMENT = "CNNBENCH_INTERFACE"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""What names look like: they are typed on command lines and become parts of file names."""

SPECIFIED = tuple(name for name in vars(hooks) if name.startswith("cnnbench_"))
"""The names of the hooks."""
MISSPELT = 0.85
"""How alike a name must be to a hook's to be taken for it; "backends" alone is 0.64 alike."""

MOST = 1000
"""Things of a kind from one plugin: more can't be meant, and there may be no end to them."""


class Refused(Exception):  # noqa: N818 - it is caught at once and never reaches a user
    """Why a plugin is not used, in one sentence; its cause is the plugin's own error, if any."""


class Registry:
    """Everything registered so far, in the order of discovery."""

    def __init__(self) -> None:
        self.manager = pluggy.PluginManager("cnnbench")
        self.manager.add_hookspecs(hooks)
        self.found: list[Found] = []
        self._own: dict[tuple[Kind, str], Origin] = {}

    def add_things(self, kind: Kind, things: Iterable[object], origin: Origin) -> None:
        """Add what cnnbench itself brings; no plugin can take these names. Raises Refused."""
        found = self._checked(kind, list(things), origin)
        self.found += found
        self._own |= {(kind, one.name): origin for one in found}

    def add_plugin(self, entry_point: EntryPoint, origin: Origin) -> tuple[Found, ...]:
        """Import a plugin, register it and take up all or nothing of it. Raises Refused."""
        plugin = _imported(entry_point)
        _check_interface(plugin)
        _check_marks(plugin)
        self._register(plugin, origin)
        try:
            self._check_hooks(plugin)
            found = [one for kind in KINDS for one in self._collected(kind, plugin, origin)]
        except Refused:
            # pluggy would go on calling the hooks of a plugin that it has once registered.
            self.manager.unregister(plugin)
            raise
        found += self._tracker(plugin, origin)
        self.found += found
        return tuple(found)

    def _register(self, plugin: object, origin: Origin) -> None:
        name = origin.entry_point
        if self.manager.has_plugin(name):  # of another distribution, which has as good a claim
            name = f"{name} of {origin.distribution}"
        if self.manager.has_plugin(name):
            raise Refused(f"{origin} has another plugin of the name {origin.entry_point!r}")
        if self.manager.is_registered(plugin):
            first = self.manager.get_name(plugin)
            raise Refused(f"it is the same module as the plugin {first!r}")
        try:
            self.manager.register(plugin, name)
        except pluggy.PluginValidationError as error:
            if self.manager.is_registered(plugin):  # older pluggy leaves half of it
                self.manager.unregister(plugin)
            details = "; ".join(str(error).splitlines()[1:])
            raise Refused(f"a hook is not as specified: {details}") from error

    def _check_hooks(self, plugin: object) -> None:
        for hook in self.manager.get_hookcallers(plugin) or ():
            if not hook.has_spec():
                rest = did_you_mean(hook.name, SPECIFIED)
                raise Refused(f"it implements the unknown hook {hook.name!r}{rest}")

    def _collected(self, kind: Kind, plugin: object, origin: Origin) -> list[Found]:
        others = [other for other in self.manager.get_plugins() if other is not plugin]
        call = self.manager.subset_hook_caller(kind.hook, others)
        with foreign(lambda text: Refused(f"its hook {kind.hook!r} failed: {text}")):
            results = call()
        things: list[object] = []
        for result in results:
            if isinstance(result, str) or not isinstance(result, Iterable):
                raise Refused(
                    f"its hook {kind.hook!r} returned {shown(result)}, not a list of {kind.word}s"
                )
            with foreign(lambda text: Refused(f"its hook {kind.hook!r} failed: {text}")):
                things += islice(result, MOST + 1)  # a generator fails only now
            if len(things) > MOST:
                raise Refused(f"its hook {kind.hook!r} returned more than {MOST:,} {kind.word}s")
        checked = self._checked(kind, things, origin)
        return [replace(found, thing=guarded(found.thing, origin)) for found in checked]

    def _tracker(self, plugin: object, origin: Origin) -> list[Found]:
        implemented = {hook.name for hook in self.manager.get_hookcallers(plugin) or ()}
        told = sorted(implemented - {kind.hook for kind in KINDS})
        return [Found(TRACKER, Tracker(origin.entry_point, tuple(told)), origin)] if told else []

    def _checked(self, kind: Kind, things: list[object], origin: Origin) -> list[Found]:
        taken = {name: str(owner) for (one, name), owner in self._own.items() if one is kind}
        if kind is BASE:
            taken |= dict.fromkeys([*BASES, NO_BASE], "cnnbench")
        checked = []
        for thing in things:
            if not isinstance(thing, kind.type):
                raise Refused(
                    f"its hook {kind.hook!r} returned {shown(thing)}, "
                    f"not an instance of {kind.type.__name__}"
                )
            _check_attributes(kind, thing)
            found = Found(kind, thing, origin)
            if not NAME.fullmatch(found.name):
                raise Refused(
                    f"the {kind.word} name {found.name!r} is not made of letters, digits, '.', '_' "
                    "and '-'"
                )
            if found.name in taken:
                raise Refused(
                    f"its {kind.word} {found.name!r} is already provided by {taken[found.name]}"
                )
            taken[found.name] = "itself"
            checked.append(found)
        return checked


def _imported(entry_point: EntryPoint) -> object:
    with foreign(lambda text: Refused(f"it can't be imported: {text}")):
        return entry_point.load()


def _check_interface(plugin: object) -> None:
    """Refuse a plugin that states no version of the interface, or one of another major version."""
    ours = ".".join(map(str, hooks.INTERFACE))
    stated = getattr(plugin, STATEMENT, None)
    if stated is None:
        raise Refused(
            f"it states no interface version; cnnbench has {ours}, so it needs "
            f'{STATEMENT} = "{ours}" in its module'
        )
    match = re.fullmatch(r"(\d+)\.(\d+)", stated) if isinstance(stated, str) else None
    if match is None:
        raise Refused(f'its {STATEMENT} is {stated!r}, not a text like "{ours}"')
    if int(match[1]) != hooks.INTERFACE[0]:
        raise Refused(f"it was made for plugin interface {stated}, this cnnbench has {ours}")


def _check_marks(plugin: object) -> None:
    """Refuse a function named like a hook without the mark: pluggy would silently skip it."""
    if not isinstance(plugin, ModuleType):
        return
    functions = {name: x for name, x in vars(plugin).items() if inspect.isfunction(x)}
    marked = {name for name, x in functions.items() if hasattr(x, "cnnbench_impl")}
    for name, function in functions.items():
        if name in marked or hasattr(function, "cnnbench_spec"):
            continue
        if name.startswith("cnnbench_"):
            raise Refused(f"its function {name!r} is not marked with @hookimpl")
        missing = [hook for hook in SPECIFIED if hook not in marked]
        near = get_close_matches(name, missing, n=1, cutoff=MISSPELT)
        if near and function.__module__ == plugin.__name__:
            rest = meant(near, "a hook is marked with @hookimpl")
            raise Refused(f"its function {name!r} is no hook{rest}")


def _check_attributes(kind: Kind, thing: object) -> None:
    which = f"its {kind.word} {shown(thing)}"
    with foreign(lambda text: Refused(f"{which} failed: {text}"), Refused):
        for attribute in kind.attributes:
            if not attribute.fits(getattr(thing, attribute.name, None)):
                raise Refused(f"{which} has no {attribute.form} {attribute.name!r}")
