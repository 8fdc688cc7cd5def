"""Everything the installed plugins offer, by kind and name."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from tk.detection import by_signature
from tk.discovery import Source, installed
from tk.entries import Entry, Kind
from tk.errors import NotFoundError, UsageError
from tk.health import Check, Problem
from tk.manifest import Manifest
from tk.registry import Registry
from tk.suggest import nearest

T = TypeVar("T")


def discover() -> "Catalogue":
    """Open the catalogue of the installed plugins.

    ``TK_PLUGINS=link,vision`` uses only these; ``TK_STRICT=1`` raises instead of collecting
    problems. Costs milliseconds and imports no plugin.

    Raises:
        PluginError: With ``TK_STRICT=1``, at the first problem.
    """
    is_strict = os.environ.get("TK_STRICT", "") not in ("", "0")
    names = [name.strip() for name in os.environ.get("TK_PLUGINS", "").split(",")]
    allowed = list(filter(None, names))
    sources = installed()
    if not allowed:
        return Catalogue(sources, strict=is_strict)
    catalogue = Catalogue([s for s in sources if s.name in allowed], strict=is_strict)
    known = {source.name for source in sources}
    for name in allowed:
        if name not in known:
            near = nearest(name, known)
            fix = f"did you mean {near!r}?" if near else ""
            catalogue.registry.report(
                Problem(name, "TK_PLUGINS names it; it is not installed", fix)
            )
    return catalogue


_LISTINGS = {Kind.COMMAND: "tk --help", Kind.METRIC: "tk doctor", Kind.EXECUTOR: "tk doctor"}
"""Where kinds are listed that have no command of their own for that."""


class Catalogue:
    """What a set of plugins offers.

    Attributes:
        registry: The plugins and their problems.
    """

    def __init__(self, sources: Iterable[Source], *, strict: bool = False) -> None:
        """Read the manifests of `sources`; with `strict`, raise at the first problem."""
        self.registry = Registry(sources, strict=strict)

    @property
    def manifests(self) -> Mapping[str, Manifest]:
        """The usable plugins, by name."""
        return self.registry.manifests

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What has gone wrong so far; `tk.examine` looks everywhere."""
        return self.registry.problems

    def declared(self, kind: Kind) -> list[Entry]:
        """List what manifests offer; runs no plugin code."""
        return [e for m in self.manifests.values() for e in m.entries if e.kind is kind]

    def entries(self, kind: Kind) -> list[Entry]:
        """List what manifests and the plugins' own hooks offer, by full name."""
        found: dict[str, Entry] = {}
        for plugin, answer in self.registry.ask(kind.hook, _each(Entry)):
            for entry in answer:
                if found.setdefault(entry.full_name, entry) is not entry:
                    message = f"{kind} {entry.full_name!r} is there already"
                    self.registry.report(Problem(plugin, message))
        return sorted(found.values(), key=lambda entry: entry.full_name)

    def find(self, kind: Kind, name: str) -> Entry:
        """Return the entry called `name`: short where unique, full, or foreign (``hf:org/model``).

        Raises:
            NotFoundError: There is none; the nearest name is suggested.
            UsageError: Several plugins offer that short name.
        """
        known = self.declared(kind)
        found = _named(name, known)
        if not found:  # only now is it worth running the plugins' own hooks
            known = self.entries(kind)
            found = _named(name, known) or self._resolve(kind, name)
        if not found:
            where = _LISTINGS.get(kind, f"tk {kind.section}")
            names = [n for entry in known for n in (entry.name, entry.full_name)]
            raise NotFoundError(kind.value, name, dict.fromkeys(names), where=where)
        if len(found) > 1:
            choices = " or ".join(repr(entry.full_name) for entry in found)
            raise UsageError(f"{kind} {name!r} is offered by several plugins; say {choices}")
        return found[0]

    def detect(self, keys: Collection[str], config: Mapping[str, object]) -> str | None:
        """Name the model that a checkpoint with these tensor names belongs to.

        Signatures in manifests are looked at first, then `tk_detect` is asked.

        Raises:
            UsageError: Several signatures fit equally well.
        """
        entry = by_signature(self.declared(Kind.MODEL), keys)
        if entry is not None:
            return entry.full_name
        answers = self.registry.ask("tk_detect", _optional(str), keys=keys, config=config)
        return next((name for _, name in answers if name is not None), None)

    def checks(self) -> list[Check]:
        """Run the plugins' health checks."""
        answers = self.registry.ask("tk_doctor", _each(Check))
        return [check for _, checks in answers for check in checks]

    def _resolve(self, kind: Kind, name: str) -> list[Entry]:
        answers = self.registry.ask("tk_resolve", _optional(Entry), kind=kind, name=name)
        return [entry for _, entry in answers if entry is not None][:1]


def _named(name: str, entries: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if name in (entry.name, entry.full_name)]


def _each(cls: type[T]) -> Callable[[Any], list[T]]:
    """Read the answers to a listing hook, and see that they are what the hook promises."""

    def read(answers: Iterable[Iterable[object]]) -> list[T]:
        return [_checked(cls, item) for answer in answers for item in answer]

    return read


def _optional(cls: type[T]) -> Callable[[Any], T | None]:
    """Read the answer to a first-result hook."""
    return lambda answer: None if answer is None else _checked(cls, answer)


def _checked(cls: type[T], item: object) -> T:
    if not isinstance(item, cls):
        raise TypeError(f"expected {cls.__name__}, got {type(item).__name__} {item!r}")
    return item
