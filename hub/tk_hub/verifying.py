"""Compare what is installed with what its hub signed."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tk import Check, TkError
from tk_hub.checks.record import digest
from tk_hub.environment import Environment
from tk_hub.home import Home
from tk_hub.names import package_of
from tk_hub.trust import OpenHub, open_hub

_PIPS_OWN = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"}


def verify(environment: Environment, home: Home, *, is_offline: bool) -> list[Check]:
    """Re-hash every file of every plugin: against RECORD, and against the wheel that was signed."""
    checks = []
    for name, entry in environment.locked()["plugins"].items():
        try:
            hub = open_hub(home, home.hub(entry["hub"]), is_offline=is_offline)
            found = list(_faults(environment, hub, name, entry))
        except TkError as e:
            found = [e.message]
        checks += [Check(name, "failed", fault, f"tk hub uninstall {name}") for fault in found]
        if not found:
            checks.append(_yanked(hub, name, entry))
    return checks


def _faults(
    environment: Environment, hub: OpenHub, name: str, entry: dict[str, Any]
) -> Iterator[str]:
    signed = [r for r in hub.index.releases(name) if r.sha256 == entry["sha256"]]
    if not signed:
        yield f"hub {entry['hub']!r} never signed {name} {entry['version']} with this hash"
        return
    installed = environment.installed().get(name)
    if installed is None or installed.version != entry["version"]:
        there = "not" if installed is None else f"as {installed.version}"
        yield f"{entry['version']} is locked, but it is {there} installed"
        return
    wanted = dict(_wheel(hub.fetch(signed[0])))
    for file, value in wanted.items():
        path = environment.packages / file
        if not path.is_file():
            yield f"{file} is missing"
        elif digest(path.read_bytes()) != value:
            yield f"{file} was changed since it was signed"
    for record in installed.files or ():
        value = f"sha256={record.hash.value}" if record.hash else ""
        if value != wanted.get(str(record), value):
            yield f"RECORD has another hash of {record} than was signed"
    for extra in _extra(environment.packages, package_of(name), set(wanted)):
        yield f"{extra} was not in the wheel"


def _wheel(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the wheel's files with their hashes; pip rewrites only its own."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name = info.filename
            if not info.is_dir() and name.rpartition("/")[2] not in _PIPS_OWN:
                yield name, digest(archive.read(info))


def _extra(packages: Path, package: str, wanted: set[str]) -> Iterator[str]:
    """Yield files that stand in the package but not in the wheel; Python's own caches are its."""
    for path in sorted((packages / package).rglob("*")):
        name = path.relative_to(packages).as_posix()
        is_cache = path.parent.name == "__pycache__" and path.suffix == ".pyc"
        if path.is_file() and name not in wanted and not is_cache:
            yield name


def _yanked(hub: OpenHub, name: str, entry: dict[str, Any]) -> Check:
    (release,) = [r for r in hub.index.releases(name) if r.sha256 == entry["sha256"]][:1]
    if release.yanked:
        fix = f"tk hub upgrade {name}"
        return Check(name, "warning", f"{release.version} is yanked: {release.yanked}", fix)
    return Check(name, "ok", f"{release.version} is as hub {hub.hub.name!r} signed it")
