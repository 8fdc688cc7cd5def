"""What the lock file says was installed from where, and which files belong to what."""

import os
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from importlib.metadata import Distribution
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

from tk import InputError, UsageError
from tk_hub.environment import Environment
from tk_hub.planning import Plan


def lock_after(plan: Plan, asked: Collection[str], locked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lock file's content once `plan` is carried out.

    Args:
        plan: What is installed.
        asked: Names that the user asked for; the others may go when nothing needs them.
        locked: The content before.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    plugins, packages = dict(locked["plugins"]), dict(locked["packages"])
    for item in plan.items:
        entry = {"version": item.version, "sha256": item.sha256, "installed": now}
        choice = plan.choices.get(item.name)
        if choice is None:
            packages[item.name] = {**entry, "url": item.url}
            continue
        is_asked = item.name in asked or plugins.get(item.name, {}).get("is_asked", False)
        plugins[item.name] = {
            "hub": choice.hub.hub.name,
            "file": choice.release.file,
            "is_asked": is_asked,
            **entry,
        }
    return {"plugins": plugins, "packages": packages}


def files_of(environment: Environment, distribution: Distribution) -> list[str]:
    """List the files of `distribution`, relative to the prefix, compiled ones included.

    Raises:
        UsageError: It lies outside the environment, so that it cannot be replaced.
    """
    found = []
    for file in distribution.files or ():
        path = Path(os.path.normpath(str(distribution.locate_file(file))))
        if not path.is_relative_to(environment.prefix):
            where = f"{distribution.name} {distribution.version} lies outside {environment.prefix}"
            raise UsageError(f"{where}; it cannot be changed from here")
        found.append(path)
        if path.suffix == ".py":
            found += _compiled(path)
    return sorted({str(path.relative_to(environment.prefix)) for path in found})


def check_shadows(environment: Environment, staged: Path) -> None:
    """See that no new package would be imported in place of one that is there.

    Two files of one path are found when the files are moved in; this finds packages that lie
    elsewhere on the search path, as the core does after ``pip install -e``.

    Raises:
        InputError: One would.
    """
    tops = {path.stem: path for path in staged.iterdir() if path.suffix in ("", ".py")}
    others = [Path(folder) for folder in environment.search if Path(folder) != environment.packages]
    for name, path in sorted(tops.items()):
        if path.is_dir() and not (path / "__init__.py").exists():
            continue  # a namespace, which many may share
        for folder in others:
            if (folder / name / "__init__.py").exists() or (folder / f"{name}.py").exists():
                there = folder / name
                raise InputError(f"the plan brings a second {name!r} beside {there}; refused")


def _compiled(path: Path) -> list[Path]:
    """List what Python left in ``__pycache__`` for a module."""
    caches = (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc")
    return [cache for cache in caches if Path(source_from_cache(str(cache))) == path]
