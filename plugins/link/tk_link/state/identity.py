"""Cluster ids that stay: which new cluster goes on under which old id.

An old id goes to the new cluster that holds most of its rows, of equals to the one with the
earliest row. Where several ids come to one cluster the oldest stays, and the others are gone for
good with it as their successor. A cluster to which no id comes gets a new one, the name of its
first row; where that was ever given to another cluster, a number follows.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Carried:
    """Ids after a run.

    Attributes:
        ids: The cluster id of each row.
        born: New ids, by the place of their first rows.
        gone: Ids that went, each with the one that its rows went to.
        split: Ids whose rows are in several clusters now.
    """

    ids: pl.Series
    born: tuple[str, ...]
    gone: tuple[tuple[str, str], ...]
    split: tuple[str, ...]


def carry(
    before: pl.Series, cluster: pl.Series, *, names: pl.Series, ages: pl.DataFrame
) -> Carried:
    """Name clusters.

    Args:
        before: The id that each row had, null for a row that is new.
        cluster: The cluster of each row now, as the place of its first row.
        names: What each row is called; unique.
        ages: Every id ever given: ``age``, smaller is older, and ``cluster``.
    """
    rows = pl.DataFrame({"old": before, "new": cluster}).with_row_index("row")
    overlap = (
        rows.filter(pl.col("old").is_not_null())
        .group_by("old", "new")
        .agg(shared=pl.len(), first=pl.col("row").min())
    )
    home = overlap.sort("old", "shared", "first", descending=[False, True, False]).unique(
        "old", keep="first", maintain_order=True
    )
    home = home.join(ages, left_on="old", right_on="cluster").sort("age")
    kept = home.unique("new", keep="first", maintain_order=True).select("new", id="old")
    gone = home.join(kept, on="new").filter(pl.col("old") != pl.col("id")).sort("age")
    fresh = _fresh(rows["new"].unique().sort(), kept["new"], names, ages["cluster"])
    ids = rows.join(pl.concat([kept, fresh]), on="new", how="left", maintain_order="left")["id"]
    split = overlap.group_by("old").len().filter(pl.col("len") > 1)["old"].sort()
    return Carried(
        ids.alias("cluster"),
        tuple(fresh["id"]),
        tuple(zip(gone["old"], gone["id"], strict=True)),
        tuple(split),
    )


def _fresh(
    clusters: pl.Series, kept: pl.Series, names: pl.Series, given: pl.Series
) -> pl.DataFrame:
    """Return ``new`` and ``id`` of the clusters to which no old id comes."""
    new = clusters.filter(~clusters.is_in(kept.implode()))
    ids = names.gather(new)
    is_taken = ids.is_in(given.implode()) | ids.is_duplicated()
    if is_taken.any():  # few: only what was split, or took another's first row
        taken = {*given, *ids}
        ids = pl.Series(
            [
                _numbered(id, taken) if clash else id
                for id, clash in zip(ids, is_taken, strict=True)
            ],
            dtype=pl.String,
        )
    return pl.DataFrame({"new": new, "id": ids})


def _numbered(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}#{number}" in taken:
        number += 1
    taken.add(f"{name}#{number}")
    return f"{name}#{number}"
