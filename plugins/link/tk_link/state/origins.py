"""What tells one source from another: its path as seen from the state, so that folders can move."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tk.errors import UsageError
from tk_link.masking import masked
from tk_link.state.arriving import Arriving
from tk_link.tables import Table


def origin(file: str, state: Path) -> str:
    """Return the origin of a file for a state; an address without its password."""
    if file == "-" or "://" in file:
        return masked(file)
    path, colons, sheet = file.partition("::")
    seen = os.path.relpath(Path(path).expanduser().resolve(), state.expanduser().resolve().parent)
    return Path(seen).as_posix() + colons + sheet


def arriving_of(table: Table, file: str | None, state: Path) -> Arriving:
    """Return what arrives in a state: a table and the file that it was read from, if it was."""
    if file is None:
        return Arriving(f"frame:{table.name}", table, is_file=False)
    return Arriving(origin(file, state), table, is_file=file != "-")


def check_state(state: str, others: Sequence[str]) -> None:
    """See that the state is a file of its own.

    Raises:
        UsageError: It is also an input or an output.
    """
    own = Path(state).expanduser().resolve()
    for file in others:
        if Path(file).expanduser().resolve() == own:
            raise UsageError(f"{state} is the state and also {file}; give the state its own name")
