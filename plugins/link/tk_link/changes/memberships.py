"""Which cluster each row belongs to, from what `tk dedupe` wrote or from a state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tk.errors import InputError, UsageError
from tk_link.profile import profile
from tk_link.reading import read_table
from tk_link.state.opening import is_state
from tk_link.state.store import Store, read_store
from tk_link.tables import Table

_OURS = ("cluster_size", "cluster_confidence", "is_canonical")
_SOURCE = "source"


@dataclass(frozen=True)
class Memberships:
    """One clustering.

    Attributes:
        name: What it was read from.
        rows: ``row``, the unique name of each row, and ``cluster``, its id; both text.
    """

    name: str
    rows: pl.DataFrame


def read_memberships(file: str, *, id: str | None = None) -> Memberships:
    """Read an output of `tk dedupe` with all rows, or a state; ``FILE::3`` is a state's third run.

    Args:
        file: The file.
        id: Column that names rows in an output; None finds it.

    Raises:
        InputError: It cannot be read, has no clusters, or its rows cannot be told.
        UsageError: A state has no such run.
    """
    path, colons, run = file.rpartition("::") if "::" in file else (file, "", "")
    if is_state(Path(path).expanduser()):
        with read_store(Path(path).expanduser()) as store:
            return Memberships(file, _of_state(store, file, run if colons else None))
    table = read_table(file)
    if "cluster_id" not in table.columns:
        raise InputError(
            f"'{table.name}' has no column cluster_id; name what tk dedupe wrote, or a state"
        )
    names = _row_names(table, id)
    rows = pl.DataFrame({"row": names, "cluster": table.text["cluster_id"]})
    if rows["cluster"].null_count():
        raise InputError(f"'{table.name}' has rows without a cluster_id")
    return Memberships(file, rows)


def _of_state(store: Store, file: str, run: str | None) -> pl.DataFrame:
    last = store.last_run()
    if last is None:
        raise InputError(f"{file} holds no run yet")
    if run is not None and not (run.isdecimal() and 1 <= int(run) <= last.run):
        raise UsageError(f"{file}: there is no run {run!r}; runs are 1 to {last.run}")
    found = store.memberships(None if run is None else int(run))
    named = found.join(store.source_names(), on="source")
    return named.select(row=pl.concat_str("name", pl.lit(":"), "place"), cluster="cluster")


def _row_names(table: Table, id: str | None) -> pl.Series:
    """Return the unique name of each row: its id, within its source where there is one."""
    users = [column for column in table.columns if column not in ("cluster_id", *_OURS)]
    text = table.text.select(users)
    if id is not None and id not in users:
        raise InputError(f"'{table.name}' has no column {id!r}; it has {', '.join(users)}")
    keys = [[id], [_SOURCE, id]] if id is not None else _candidates(Table(table.name, text, text))
    for columns in keys:
        if not {*columns} <= {*users}:
            continue
        names = text.select(pl.concat_str([pl.col(c) for c in columns], separator=":"))
        row = names.to_series()
        if not row.null_count() and row.is_unique().all():
            return row
    hint = f"{id!r} does not" if id is not None else "no column does; name one with --id"
    raise InputError(f"'{table.name}': every row needs a name of its own, and {hint}")


def _candidates(table: Table) -> list[list[str]]:
    likely = ["id", *(name for name, p in profile(table).items() if p.role == "id")]
    return [key for name in likely for key in ([_SOURCE, name], [name])]
