"""Two clusterings of the same rows, compared: what merged, what split, what moved.

Only rows that both have are compared; rows that came or went are counted apart. Clusters are taken
as sets of rows, so that another id for the same rows is a renaming and no change of the clustering.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import polars as pl

from tk.errors import InputError
from tk_link.changes.memberships import Memberships

Change = Literal["merged", "split", "moved", "renamed"]
CHANGES: tuple[Change, ...] = get_args(Change)


@dataclass(frozen=True)
class Comparison:
    """What became of the clusters.

    Attributes:
        changes: One row for each piece of a cluster that changed: ``change``, ``before`` and
            ``after``, ids, and ``rows``, those that the two share.
        clusters: Clusters among the shared rows, before and after.
        shared: Rows that both have.
        came: Rows of the second alone.
        went: Rows of the first alone.
    """

    changes: pl.DataFrame
    clusters: tuple[int, int]
    shared: int
    came: int
    went: int

    @property
    def is_same(self) -> bool:
        """Whether the shared rows are clustered alike; ids may differ."""
        return self.changes.filter(pl.col("change") != "renamed").is_empty()

    def count(self, change: Change) -> int:
        """Return the number of clusters: of a kind: those that split, that others merged into."""
        side = "after" if change == "merged" else "before"
        found = self.changes.filter(pl.col("change") == change)
        return found[side].n_unique() if len(found) else 0


def compare(first: Memberships, second: Memberships) -> Comparison:
    """Compare two clusterings.

    * ``merged``: whole clusters that make up one now.
    * ``split``: a cluster whose rows are in several, which hold nothing else.
    * ``moved``: some rows of a cluster that now are with rows of another: neither of the above.
    * ``renamed``: the same rows under another id.

    Raises:
        InputError: The two have no row in common.
    """
    rows = first.rows.join(second.rows, on="row", suffix="_after").rename(
        {"cluster": "before", "cluster_after": "after"}
    )
    if rows.is_empty():
        raise InputError(
            f"{first.name} and {second.name} have no row in common; "
            "name two runs over the same rows, and the column that names rows (--id)"
        )
    parts = rows.group_by("before", "after").agg(rows=pl.len().cast(pl.Int64))
    parts = parts.with_columns(
        to=pl.len().over("before"),  # clusters that the old one's rows are in
        of=pl.len().over("after"),
    ).with_columns(
        is_whole=(pl.col("to") == 1).all().over("after"),
        is_pure=(pl.col("of") == 1).all().over("before"),
    )
    change = (
        pl.when((pl.col("to") == 1) & (pl.col("of") == 1))
        .then(pl.when(pl.col("before") != pl.col("after")).then(pl.lit("renamed")))
        .when("is_whole")
        .then(pl.lit("merged"))
        .when("is_pure")
        .then(pl.lit("split"))
        .otherwise(pl.lit("moved"))
    )
    changes = parts.with_columns(change=change).filter(pl.col("change").is_not_null())
    order = pl.col("change").replace_strict({c: at for at, c in enumerate(CHANGES)})
    shown = changes.sort(
        order, pl.when(pl.col("change") == "merged").then("after").otherwise("before"),
        "before", "after",
    )  # fmt: skip
    return Comparison(
        shown.select("change", "before", "after", "rows"),
        (parts["before"].n_unique(), parts["after"].n_unique()),
        len(rows),
        len(second.rows) - len(rows),
        len(first.rows) - len(rows),
    )
