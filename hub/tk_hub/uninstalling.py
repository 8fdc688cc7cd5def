"""Remove plugins, and what came with them and is needed no more."""

from collections.abc import Mapping, Sequence
from importlib.metadata import Distribution
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tk import NotFoundError, UsageError
from tk_hub.files import write_json
from tk_hub.installing import Setting
from tk_hub.lockfile import files_of
from tk_hub.names import check_name


def uninstall(names: Sequence[str], setting: Setting) -> list[str]:
    """Remove plugins and their orphans; return the names of all.

    Raises:
        NotFoundError: A name was not installed from a hub.
        UsageError: Something that stays needs it.
    """
    environment, change = setting.environment, setting.change
    with environment.exclusive():
        change.begin()
        try:
            locked, installed = environment.locked(), environment.installed()
            gone = with_orphans({check_name(name) for name in names}, locked, installed)
            kept = {
                kind: {n: e for n, e in locked[kind].items() if n not in gone} for kind in locked
            }
            there = [installed[name] for name in gone if name in installed]
            files = [file for found in there for file in files_of(environment, found)]
            lock = environment.lock_file.relative_to(environment.prefix)
            write_json(change.staging / lock, kept)
            change.commit([*files, str(lock)], setting.report)
        except BaseException:  # also Ctrl-C: whatever ends it, the environment is as it was
            change.recover()
            raise
    return sorted(gone)


def with_orphans(
    gone: set[str], locked: Mapping[str, Any], installed: Mapping[str, Distribution]
) -> set[str]:
    """Add to `gone` what nobody asked for and nothing else needs.

    Raises:
        NotFoundError: A name was not installed from a hub.
        UsageError: Something that stays needs one of `gone`.
    """
    plugins = locked["plugins"]
    for name in sorted(gone - plugins.keys()):
        raise NotFoundError("plugin", name, plugins, where="tk hub list")
    for name, user in _needs(installed, without=gone).items():
        if name in gone:
            raise UsageError(f"{user} needs {name}; uninstall both")
    brought = {*locked["packages"], *(n for n, e in plugins.items() if not e["is_asked"])}
    while orphans := brought - gone - _needs(installed, without=gone).keys():
        gone = gone | orphans
    return gone


def _needs(installed: Mapping[str, Distribution], *, without: set[str]) -> dict[str, str]:
    """Map every name that is needed to one that needs it; extras count as needed."""
    return {
        canonicalize_name(Requirement(line).name): name
        for name, found in installed.items()
        if name not in without
        for line in found.requires or ()
    }
