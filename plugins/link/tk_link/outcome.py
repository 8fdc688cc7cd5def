"""What a linkage came to, in figures: counts by status and the pairs nearest the cut."""

from __future__ import annotations

import polars as pl

from tk_link.computed import with_computed
from tk_link.linkage import ACCEPTED, Linkage
from tk_link.tables import Table

STATUSES = ("match", "review", "variant", "tie", "lost", "none")


def status_counts(linkage: Linkage, left: Table) -> dict[str, int]:
    """Count accepted pairs by status, and left rows without one by what became of the best."""
    pairs = linkage.pairs
    is_accepted = pl.col("match_status").is_in(ACCEPTED)
    accepted = pairs.filter(is_accepted)
    refused = (
        pairs.join(accepted, on="left_row", how="anti")
        .sort("left_row", "match_rank", nulls_last=True)
        .unique("left_row", keep="first", maintain_order=True)
    )
    statuses = pl.concat([accepted["match_status"], refused["match_status"]])
    found = dict(statuses.value_counts().iter_rows())
    counts = {status: int(found.get(status, 0)) for status in STATUSES}
    counts["none"] += len(left) - pairs["left_row"].n_unique()
    return counts


def linked_rows(linkage: Linkage) -> int:
    """Count the left rows that have a partner."""
    return linkage.pairs.filter(pl.col("match_status").is_in(ACCEPTED))["left_row"].n_unique()


def borderline(linkage: Linkage, left: Table, right: Table, *, size: int = 3) -> pl.DataFrame:
    """Return the pairs `nearest` the cut, with both rows in words.

    Returns:
        Columns ``match_probability``, ``match_status``, ``left``, ``right``.
    """
    pairs = nearest(linkage, size=size)
    lefts = described(left, [field.left for field in linkage.fields])
    rights = described(right, [field.right for field in linkage.fields])
    return pairs.select(
        "match_probability",
        "match_status",
        left=lefts.gather(pairs["left_row"]),
        right=rights.gather(pairs["right_row"]),
    )


def nearest(linkage: Linkage, *, size: int) -> pl.DataFrame:
    """Return the pairs whose probability is nearest the cut, nearest first.

    Ties, losers and variants are left out: not their probability decided.
    """
    doubtful = linkage.pairs.filter(~pl.col("match_status").is_in(["tie", "lost", "variant"]))
    distance = (pl.col("match_probability") - linkage.cut).abs()
    return doubtful.sort(distance, "left_row", "match_rank").head(size)


def described(table: Table, columns: list[str]) -> pl.Series:
    """Put the compared cells of each row into one line."""
    cells = pl.concat_str(pl.col(columns[:4]), separator=" | ", ignore_nulls=True)
    line = cells.str.replace_all(r"\s+", " ").str.slice(0, 90)
    return (
        with_computed(table, columns).text.select(line=line).to_series()
        if columns
        else pl.Series([""] * len(table))
    )
