"""Which checkpoint a stopped run goes on from."""

import json
import re
from pathlib import Path
from typing import Any

FOLDER = "checkpoints"
_STATE = "trainer_state.json"


def checkpoint_path(output: Path, step: int) -> Path:
    """Return the folder of the checkpoint after `step`."""
    return output / FOLDER / f"checkpoint-{step}"


def last_checkpoint(output: Path) -> Path | None:
    """Return the newest checkpoint that is whole; None where there is none.

    The trainer writes its state last, so a run that was killed while writing leaves a checkpoint
    without it, or with half of it.
    """
    found = [(int(match[1]), path) for path in _folders(output) if (match := _numbered(path))]
    return next((path for _, path in sorted(found, reverse=True) if _state(path)), None)


def _folders(output: Path) -> list[Path]:
    folder = output / FOLDER
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _numbered(path: Path) -> re.Match[str] | None:
    return re.fullmatch(r"checkpoint-(\d+)", path.name)


def _state(checkpoint: Path) -> dict[str, Any]:
    try:
        state = json.loads((checkpoint / _STATE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}
