"""What tells one source from another: its path as seen from the state, so that folders can move."""

from __future__ import annotations

import os
from pathlib import Path

from tk_link.masking import masked


def origin(file: str, state: Path) -> str:
    """Return the origin of a file for a state; an address without its password."""
    if file == "-" or "://" in file:
        return masked(file)
    path, colons, sheet = file.partition("::")
    seen = os.path.relpath(Path(path).expanduser().resolve(), state.expanduser().resolve().parent)
    return Path(seen).as_posix() + colons + sheet
