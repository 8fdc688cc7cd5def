"""``run.json``: what was trained, with what, for how long, and how good it became."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tk.atomic import replacing
from tk.errors import InputError, UsageError
from tk.training.config import FREE_TO_CHANGE, FitConfig

NAME = "run.json"
_LIBRARIES = ("transformer-tk", "torch", "transformers", "accelerate", "numpy")


def new_record(config: FitConfig, **facts: object) -> dict[str, Any]:
    """Begin the record of a run."""
    versions = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:  # a source tree that nobody installed
            continue
    started = datetime.now(UTC).isoformat(timespec="seconds")
    record = {"status": "running", "started": started, **facts, "config": asdict(config)}
    return {**record, "seed": config.seed, "versions": versions}


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write the record whole or not at all."""
    with replacing(folder / NAME) as stream:
        stream.write(json.dumps(record, indent=2, sort_keys=True).encode())


def read_record(folder: Path) -> dict[str, Any]:
    """Read the record of a run; empty where there is none.

    Raises:
        InputError: It is not JSON.
    """
    path = folder / NAME
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as e:
        raise InputError(f"{path} cannot be read: {e}") from e
    if not isinstance(record, dict):
        raise InputError(f"{path} is no record of a run")
    return record


def check_same_run(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """See that a run is resumed as it was begun.

    Raises:
        UsageError: Something differs that changes the weights; names it with both values.
    """
    changes = []
    for part in ("task", "model", "config"):
        before, now = _flat(part, old.get(part)), _flat(part, new.get(part))
        changes += [
            f"{name} was {before.get(name)!r}, is {now.get(name)!r}"
            for name in sorted(before.keys() | now.keys())
            if before.get(name) != now.get(name) and name not in FREE_TO_CHANGE
        ]
    if changes:
        raise UsageError(
            f"the run cannot be resumed with another configuration: {'; '.join(changes)}; "
            "give the old values, or another output folder"
        )


def json_like(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return what reading the written JSON would give, so that both can be compared."""
    return json.loads(json.dumps(value, default=str))


def _flat(part: str, value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {part: value}
