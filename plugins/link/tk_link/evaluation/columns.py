"""Which columns of a file name the pairs or the clusters that it states."""

from __future__ import annotations

from typing import Literal

import polars as pl

from tk.errors import InputError, NotFoundError
from tk_link.tables import Table
from tk_link.wording import is_id_name

Kind = Literal["pairs", "clusters"]

PROBABILITY, STATUS = "match_probability", "match_status"
_PAIR_NAMES = (
    ("left_id", "right_id"),
    ("ltable_id", "rtable_id"),
    ("unique_id_l", "unique_id_r"),
    ("id_l", "id_r"),
    ("id_left", "id_right"),
    ("id1", "id2"),
    ("id_1", "id_2"),
    ("left", "right"),
)
_CLUSTER_NAMES = ("cluster_id", "cluster", "entity_id", "entity", "group_id", "group", "gold_id")
_LABEL_NAMES = ("label", "judgement", "is_match", "gold", "truth")
_OURS = (PROBABILITY, "match_score", STATUS, "match_rank", "match_margin", "match_why")
_ROWS = ("left_row", "right_row")
_FEW, _NEARLY = 0.05, 0.9


def kind_of(table: Table) -> Kind:
    """Tell whether a table states pairs or clusters, by the names of its columns.

    Raises:
        InputError: Neither can be told.
    """
    if named_pair(table) or PROBABILITY in table.columns:
        return "pairs"
    if cluster_column(table) is not None:
        return "clusters"
    if len(table.columns) == 2:
        return "pairs"
    raise InputError(
        f"{table.name}: no columns left_id and right_id, and none named cluster_id; say which two "
        f"columns to read (of {', '.join(table.columns)}) with --pred-columns or --truth-columns, "
        "and with --pred-kind or --truth-kind whether they are pairs or clusters"
    )


def named_pair(table: Table) -> tuple[str, str] | None:
    """Return the two id columns of a pair file, where their names say so."""
    lower = {name.lower(): name for name in table.columns}
    found = next((pair for pair in _PAIR_NAMES if {*pair} <= {*lower}), None)
    return (lower[found[0]], lower[found[1]]) if found else None


def cluster_column(table: Table) -> str | None:
    """Return the column that names clusters; ours has an underscore more where it clashed."""
    lower = {name.lower().rstrip("_"): name for name in table.columns}
    return next((lower[name] for name in _CLUSTER_NAMES if name in lower), None)


def label_column(table: Table) -> str | None:
    """Return the column that says which pairs are true, where a file labels both kinds."""
    lower = {name.lower(): name for name in table.columns}
    return next((lower[name] for name in _LABEL_NAMES if name in lower), None)


def check_columns(table: Table, names: tuple[str, str] | None) -> None:
    """Raise `NotFoundError` where a column that was named is not there."""
    for name in names or ():
        if name not in table.columns:
            raise NotFoundError("column", name, table.columns)


def joined_ids(table: Table, left: pl.Series, right: pl.Series) -> tuple[str, str]:
    """Find the two id columns in a joined table: those that hold the truth's ids.

    Of columns that hold about as many, the left id is the first and the right id the next after it,
    because left columns stand before right ones. Row numbers are taken where no other column fits.

    Raises:
        InputError: No column holds the truth's ids.
    """
    names = [name for name in table.columns if name not in (*_OURS, *_ROWS)]
    best_left = _fullest(table, names, left)
    later = names[names.index(best_left) + 1 :] if best_left else []
    best_right = _fullest(table, later, right)
    if best_left is None or best_right is None:
        best_left, best_right = (
            _fullest(table, [name], ids) if name in table.columns else None
            for name, ids in zip(_ROWS, (left, right), strict=True)
        )
    if best_left is None or best_right is None:
        side, ids = ("right", right) if best_left else ("left", left)
        raise InputError(
            f"{table.name}: no column holds the truth's {side} ids (such as {ids[0]!r}); name the "
            "two id columns with --pred-columns LEFT,RIGHT"
        )
    return best_left, best_right


def row_ids(table: Table, cluster: str, ids: pl.Series | None) -> str:
    """Find the column that names rows beside a cluster column.

    Args:
        table: The table.
        cluster: Its cluster column.
        ids: The truth's ids, where the column is to hold these.

    Raises:
        InputError: There is none.
    """
    others = [name for name in table.columns if name != cluster]
    found = _fullest(table, others, ids) if ids is not None else None
    if found is None and ids is None:
        unique = [name for name in others if table.text[name].is_unique().all()]
        found = next((name for name in unique if is_id_name(name)), next(iter(unique), None))
    if found is None:
        wanted = f"holds the truth's ids (such as {ids[0]!r})" if ids is not None else "names rows"
        raise InputError(
            f"{table.name}: no column beside {cluster!r} {wanted}; name id and cluster with "
            "--pred-columns or --truth-columns"
        )
    return found


def _fullest(table: Table, names: list[str], ids: pl.Series) -> str | None:
    """Return the first column that holds nearly as many of `ids` as any does.

    None where the best holds few: numbers of another meaning may be some of the ids.
    """
    known = ids.unique()
    held = [
        int(known.is_in(table.text[name].drop_nulls().unique().implode()).sum()) for name in names
    ]
    most = max(held, default=0)
    if most <= _FEW * len(known):
        return None
    return next(name for name, count in zip(names, held, strict=True) if count >= _NEARLY * most)
