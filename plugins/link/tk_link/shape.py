"""The output frame: matched pairs joined back to the user's rows, or the pairs alone."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from tk_link.config import Join, LinkConfig, OutputConfig
from tk_link.linkage import ACCEPTED, Linkage
from tk_link.tables import Table

ADDED = (
    "match_probability",
    "match_score",
    "match_status",
    "match_kind",
    "match_rank",
    "match_margin",
    "left_row",
    "right_row",
)
"""Our columns, after all the user's; `match_why` follows where it was asked for."""

CLUSTER = "cluster_id"
"""Our last column where a state keeps ids."""
_LEFT, _RIGHT = "left_row", "right_row"
_PAIR_COLUMNS = ("match_probability", "match_score", "match_status", "match_kind")


@dataclass(frozen=True)
class RowIds:
    """What a state calls rows, one value a row.

    Attributes:
        rows: What pairs call left and right rows.
        clusters: Ids of their clusters, left and right.
    """

    rows: tuple[pl.Series, pl.Series]
    clusters: tuple[pl.Series, pl.Series]


def shape(
    linkage: Linkage,
    left: Table,
    right: Table,
    *,
    config: LinkConfig,
    output: OutputConfig,
    ids: RowIds | None = None,
) -> pl.DataFrame:
    """Return what `output` asks for: the joined table or the pairs.

    Pairs that were not accepted are shown where `config` keeps all pairs. Where link sets were
    drawn they are the output. With ``ids``, rows are called by them, and `cluster_id` comes last.
    """
    rows = ids.rows if ids is not None else _row_ids(linkage, left, right)
    if linkage.draws is not None:
        return draws_frame(linkage.draws, *rows)
    pairs = rounded(linkage.pairs)
    shown = pairs if config.all_pairs else pairs.filter(pl.col("match_status").is_in(ACCEPTED))
    if output.pairs:
        return pairs_frame(shown, *rows)
    found = chosen_rows(shown, pairs, (len(left), len(right)), output.join)
    if ids is not None:
        found = found.with_columns(_clusters(found, ids).alias(CLUSTER))
    return joined_frame(found, left.frame, right.frame, output.suffix)


def rounded(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return pairs with as many digits as mean something."""
    return pairs.with_columns(
        pl.col("match_probability", "match_margin").round(6),
        pl.col("match_score").round(3),
        (pl.selectors.float() - pl.selectors.by_name(ADDED, require_all=False)).round(3),
    )


def pairs_frame(pairs: pl.DataFrame, left_ids: pl.Series, right_ids: pl.Series) -> pl.DataFrame:
    """Return `pairs` by their ids: ``left_id, right_id`` and how they were decided."""
    ids = pl.DataFrame(
        {"left_id": left_ids.gather(pairs[_LEFT]), "right_id": right_ids.gather(pairs[_RIGHT])}
    )
    return ids.hstack(pairs.select(*_PAIR_COLUMNS, *_extra(pairs)))


def draws_frame(draws: pl.DataFrame, left_ids: pl.Series, right_ids: pl.Series) -> pl.DataFrame:
    """Return drawn link sets by their ids: ``draw, left_id, right_id, match_probability``."""
    return draws.select(
        "draw",
        left_ids.gather(draws[_LEFT]).alias("left_id"),
        right_ids.gather(draws[_RIGHT]).alias("right_id"),
        pl.col("match_probability").round(6),
    )


def joined_frame(
    rows: pl.DataFrame,
    left: pl.DataFrame,
    right: pl.DataFrame,
    suffix: str,
    numbers: tuple[pl.Series, pl.Series] | None = None,
) -> pl.DataFrame:
    """Return all left columns, all right columns, then ours, for the pairs in `rows`.

    With ``numbers``, left and right rows are called by those instead of by their places.

    A right column that clashes gets `suffix`; where one of ours clashes with a user's column, ours
    gets a trailing underscore. The user's names and cells are never changed otherwise.
    """
    left_part = left.select(pl.all().gather(rows[_LEFT]))
    right_part = right.select(pl.all().gather(rows[_RIGHT]))
    ours = rows.select(*ADDED, *_extra(rows))
    for side, called in zip((_LEFT, _RIGHT), numbers or (), strict=False):
        ours = ours.with_columns(called.gather(rows[side]).alias(side))
    right_part.columns, ours.columns = _names(left.columns, right.columns, ours.columns, suffix)
    return pl.concat([left_part, right_part, ours], how="horizontal")


def renamed(left: Table, right: Table, suffix: str) -> dict[str, str]:
    """Return the new names of those of our columns that clash with the user's."""
    _, ours = _names(left.columns, right.columns, list(ADDED), suffix)
    return {name: new for name, new in zip(ADDED, ours, strict=True) if name != new}


def _names(
    left: list[str], right: list[str], ours: list[str], suffix: str
) -> tuple[list[str], list[str]]:
    """Return the names that right columns and ours have in the joined table."""
    right = distinct(right, {*left}, suffix)
    return right, distinct(ours, {*left, *right}, "_")


def _extra(pairs: pl.DataFrame) -> list[str]:
    """Return the columns that explain, where that was asked for."""
    return [column for column in pairs.columns if column not in ADDED]


def chosen_rows(
    shown: pl.DataFrame, pairs: pl.DataFrame, heights: tuple[int, int], join: Join
) -> pl.DataFrame:
    """Return the pairs to write; a row on its own has a pair without a partner.

    * ``left``: every left row in its order, once or once for each partner; rows without one keep
      the status and probability of their best candidate.
    * ``inner``: pairs only.
    * ``right``: every right row in its order, likewise.
    * ``outer``: as ``left``, then the right rows that have no partner.
    * ``anti``: left rows without a partner.
    """
    if join == "inner":
        return shown
    alone_left = _best_of(_unused(shown, _LEFT, heights[0]), pairs)
    if join == "anti":
        return alone_left
    alone_right = _completed(_unused(shown, _RIGHT, heights[1]), pairs)
    if join == "right":
        return pl.concat([shown, alone_right]).sort(_RIGHT, maintain_order=True)
    rows = pl.concat([shown, alone_left]).sort(_LEFT, maintain_order=True)
    return rows if join == "left" else pl.concat([rows, alone_right])


def _unused(shown: pl.DataFrame, side: str, height: int) -> pl.DataFrame:
    """Return the rows of one table that are in no shown pair, in their order."""
    rows = pl.DataFrame({side: pl.int_range(height, eager=True)})
    return rows.join(shown, on=side, how="anti", maintain_order="left")


def _best_of(alone: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Add what became of each left row's best candidate, without the candidate."""
    best = pairs.sort(_LEFT, "match_rank", nulls_last=True).unique(
        _LEFT, keep="first", maintain_order=True
    )
    rows = alone.join(best.drop(_RIGHT), on=_LEFT, how="left", maintain_order="left")
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


def _clusters(rows: pl.DataFrame, ids: RowIds) -> pl.Series:
    """Return the id of each row's cluster; that of the right row where there is no left one."""
    sides = zip(ids.clusters, (_LEFT, _RIGHT), strict=True)
    left, right = (each.gather(rows[side]) for each, side in sides)
    return left.fill_null(right)


def _row_ids(linkage: Linkage, left: Table, right: Table) -> tuple[pl.Series, pl.Series]:
    return _ids(left, linkage.left_id), _ids(right, linkage.right_id)


def _ids(table: Table, column: str | None) -> pl.Series:
    if column is None:
        return pl.int_range(len(table), eager=True)
    return table.frame[column]


def distinct(names: list[str], taken: set[str], suffix: str) -> list[str]:
    """Return `names`, each with `suffix` appended until it differs from all taken ones."""
    used = set(taken)
    own = set(names)
    found = []
    for name in names:
        new = name
        while new in used or (new != name and new in own):
            new += suffix
        used.add(new)
        found.append(new)
    return found
