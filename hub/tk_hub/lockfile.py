"""What the lock file says was installed from where, and which files belong to what."""

import os
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from importlib.metadata import Distribution
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

from tk import UsageError
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


def _compiled(path: Path) -> list[Path]:
    """List what Python left in ``__pycache__`` for a module."""
    caches = (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc")
    return [cache for cache in caches if Path(source_from_cache(str(cache))) == path]
