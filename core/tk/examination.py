"""Try everything that every plugin offers: what `tk doctor` does with the plugins."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from tk.catalogue import Catalogue
from tk.entries import Entry, Kind
from tk.errors import MissingExtraError, TkError
from tk.health import Check, Problem


def examine(catalogue: Catalogue) -> list[Check]:
    """Load all entries, run the plugins' health checks, and say what was found.

    Imports every plugin, so it takes as long as the heaviest libraries take to import.
    """
    entries = [entry for kind in Kind for entry in catalogue.entries(kind)]
    checks = [*_loading(entries), *_clashes(entries), *catalogue.checks()]
    return [*map(_check, catalogue.problems), *checks]


def _loading(entries: Iterable[Entry]) -> Iterator[Check]:
    for entry in entries:
        name = f"{entry.kind} {entry.full_name}"
        try:
            entry.load()
        except MissingExtraError as e:
            yield Check(name, "warning", e.message)
        except TkError as e:
            yield Check(name, "failed", e.message)
        else:
            yield Check(name, "ok", entry.target)


def _clashes(entries: Iterable[Entry]) -> Iterator[Check]:
    by_name: dict[tuple[Kind, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        by_name[entry.kind, entry.name].append(entry)
    for (kind, name), same in by_name.items():
        if len(same) > 1:
            plugins = " and ".join(repr(entry.plugin) for entry in same)
            fix = f"say {' or '.join(repr(entry.full_name) for entry in same)}"
            yield Check(f"{kind} {name}", "failed", f"the name is offered by {plugins}", fix)


def _check(problem: Problem) -> Check:
    return Check(f"plugin {problem.plugin}", "failed", problem.message, problem.fix)
