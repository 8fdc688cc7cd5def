"""The output frame: matched pairs joined back to the user's rows, or the pairs alone."""

from __future__ import annotations

import polars as pl

from tk_link.config import Join, OutputConfig
from tk_link.linkage import Linkage
from tk_link.tables import Table

ACCEPTED = ("match", "review")
ADDED = (
    "match_probability",
    "match_score",
    "match_status",
    "match_rank",
    "match_margin",
    "left_row",
    "right_row",
)
"""Our columns, after all the user's; `match_why` follows where it was asked for."""

_WHY = "match_why"
_LEFT, _RIGHT = "left_row", "right_row"
_PAIR_COLUMNS = ("match_probability", "match_score", "match_status")


def shape(linkage: Linkage, left: Table, right: Table, output: OutputConfig) -> pl.DataFrame:
    """Return what `output` asks for: the joined table or the pairs."""
    if output.pairs:
        return pairs_frame(linkage, left, right)
    return joined_frame(linkage, left, right, join=output.join, suffix=output.suffix)


def pairs_frame(linkage: Linkage, left: Table, right: Table) -> pl.DataFrame:
    """Return the pairs by their ids: ``left_id, right_id`` and how they were decided.

    Without an id column the row number stands for the row.
    """
    ids = pl.DataFrame(
        {
            "left_id": _ids(left, linkage.left_id).gather(linkage.pairs[_LEFT]),
            "right_id": _ids(right, linkage.right_id).gather(linkage.pairs[_RIGHT]),
        }
    )
    kept = [column for column in (*_PAIR_COLUMNS, _WHY) if column in linkage.pairs.columns]
    return ids.hstack(linkage.pairs.select(kept))


def joined_frame(
    linkage: Linkage, left: Table, right: Table, *, join: Join, suffix: str
) -> pl.DataFrame:
    """Return all left columns, all right columns, then ours.

    A right column that clashes gets `suffix`; where one of ours clashes with a user's column, ours
    gets a trailing underscore. Cells of the user's are never changed.

    * ``left``: every left row in its order, once or once for each accepted partner; rows without
      one keep the status and probability of their best candidate, and no right columns.
    * ``inner``: accepted pairs only.
    * ``right``: every right row in its order, likewise.
    * ``outer``: as ``left``, then the right rows that no pair used.
    * ``anti``: left rows without an accepted partner.
    """
    rows = _rows(linkage.pairs, left, right, join)
    left_part = left.frame.select(pl.all().gather(rows[_LEFT]))
    right_part = right.frame.select(pl.all().gather(rows[_RIGHT]))
    right_part.columns = _distinct(right.columns, {*left.columns}, suffix)
    taken = {*left_part.columns, *right_part.columns}
    ours = rows.select(column for column in (*ADDED, _WHY) if column in rows.columns)
    ours.columns = _distinct(ours.columns, taken, "_")
    return pl.concat([left_part, right_part, ours], how="horizontal")


def _rows(pairs: pl.DataFrame, left: Table, right: Table, join: Join) -> pl.DataFrame:
    accepted = pairs.filter(pl.col("match_status").is_in(ACCEPTED))
    if join == "inner":
        return accepted
    if join == "right":
        order = pl.DataFrame({_RIGHT: pl.int_range(len(right), eager=True)})
        rows = order.join(accepted, on=_RIGHT, how="left", maintain_order="left_right")
        return _completed(rows, pairs)
    refused = _refused(pairs, accepted, len(left))
    if join == "anti":
        return refused
    rows = pl.concat([accepted, refused], how="vertical").sort(_LEFT, maintain_order=True)
    if join == "left":
        return rows
    used = accepted[_RIGHT].unique()
    alone = pl.DataFrame({_RIGHT: pl.int_range(len(right), eager=True)})
    alone = alone.filter(~pl.col(_RIGHT).is_in(used.implode()))
    return pl.concat([rows, _completed(alone, pairs)], how="vertical")


def _refused(pairs: pl.DataFrame, accepted: pl.DataFrame, height: int) -> pl.DataFrame:
    """Return one row for each left row without a partner: its best candidate's fate."""
    alone = pl.DataFrame({_LEFT: pl.int_range(height, eager=True)})
    alone = alone.join(accepted, on=_LEFT, how="anti", maintain_order="left")
    best = pairs.sort(_LEFT, "match_rank", nulls_last=True).unique(
        _LEFT, keep="first", maintain_order=True
    )
    rows = alone.join(best, on=_LEFT, how="left", maintain_order="left")
    rows = rows.with_columns(pl.lit(None, dtype=pl.Int64).alias(_RIGHT))
    return _completed(rows, pairs)


def _completed(rows: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Give `rows` all columns of `pairs`, and a status where none was decided."""
    missing = [
        pl.lit(None, dtype=dtype).alias(column)
        for column, dtype in pairs.schema.items()
        if column not in rows.columns
    ]
    rows = rows.with_columns(missing).select(pairs.columns)
    return rows.with_columns(pl.col("match_status").fill_null("none"))


def _ids(table: Table, column: str | None) -> pl.Series:
    if column is None:
        return pl.int_range(len(table), eager=True)
    return table.frame[column]


def _distinct(names: list[str], taken: set[str], suffix: str) -> list[str]:
    """Return `names`, each with `suffix` appended until it differs from all taken ones."""
    used = set(taken)
    own = set(names)
    distinct = []
    for name in names:
        new = name
        while new in used or (new != name and new in own):
            new += suffix
        used.add(new)
        distinct.append(new)
    return distinct
