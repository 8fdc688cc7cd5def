"""The outcome of one linkage run: every considered pair worth showing, and how it was decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from tk_link.dense.choice import BY_LETTERS, Choice
from tk_link.fields import Field

Cardinality = Literal["1:1", "m:1", "1:m", "m:m"]

ACCEPTED = ("match", "review")
"""Statuses of accepted pairs."""

PAIR_SCHEMA: dict[str, type[pl.DataType]] = {
    "left_row": pl.Int64,  # 0-based position in the left table
    "right_row": pl.Int64,
    "match_probability": pl.Float64,  # 0..1
    "match_score": pl.Float64,  # log2 of the posterior odds
    "match_status": pl.String,  # match | review | variant | tie | lost | none
    "match_kind": pl.String,  # same | variant | different; null where that was not decided
    "match_rank": pl.Int64,  # 1 = the left row's best candidate
    "match_margin": pl.Float64,  # probability minus that of the row's runner-up
}
"""Columns of `Linkage.pairs`; with ``explain`` a last column ``match_why`` (String)."""


@dataclass(frozen=True)
class Skipped:
    """A column that takes no part, and the reason that is printed."""

    table: str
    column: str
    reason: str


@dataclass(frozen=True)
class Recall:
    """Expected share of the true pairs among the candidates, 0..1, with a 90% range.

    It is estimated from rows that are each other's nearest by text (`tk_link.likely`).
    """

    share: float
    low: float
    high: float


@dataclass(frozen=True)
class JudgedCounts:
    """Judgements that a run obeyed.

    Attributes:
        same: Pairs judged the same.
        different: Pairs judged different.
        absent: Judged pairs of which a row is not there.
    """

    same: int
    different: int
    absent: int

    def __str__(self) -> str:
        absent = f"; {self.absent:,} name rows that are not here (yet)" if self.absent else ""
        return f"{self.same:,} pairs the same, {self.different:,} different{absent}"


@dataclass(frozen=True)
class Linkage:
    """What one run decided.

    Attributes:
        fields: The compared columns.
        skipped: The columns left out, each with its reason.
        left_id: Column that names left rows, or None where the row number does.
        right_id: Likewise for the right table.
        pairs: `PAIR_SCHEMA`, sorted by left row and rank. Holds every accepted pair and, for rows
            without one, their best candidate with the status that says why it was not accepted.
        candidates: Number of candidate pairs scored.
        how: Cardinality enforced.
        how_reason: Why that cardinality, in words.
        cut: Probability from which a pair is accepted.
        cut_reason: How the cut was found, in words.
        precision: Estimated precision of the accepted pairs, 0..1 (mean probability).
        precision_range: 90% range of that estimate.
        variants: Pairs of one thing in two models, sizes or editions, by what tells them apart.
        draws: Where asked for, plausible link sets (`tk_link.scoring.sampling`): ``draw`` from 1,
            ``left_row``, ``right_row``, ``match_probability``.
        choice: Whether candidates were found by letters, by meaning or by both, and why.
        retrieval_notes: What was encoded and searched.
        recall: Expected share of the true pairs among the candidates; None where all texts were
            compared, or nothing is known.
        judged: Judgements that were obeyed; None where none were given.
        timings: Seconds per stage.
        warnings: What the user should know before trusting the result.
    """

    fields: tuple[Field, ...]
    skipped: tuple[Skipped, ...]
    left_id: str | None
    right_id: str | None
    pairs: pl.DataFrame
    candidates: int
    how: Cardinality
    how_reason: str
    cut: float
    cut_reason: str
    precision: float
    precision_range: tuple[float, float]
    draws: pl.DataFrame | None = None
    choice: Choice = BY_LETTERS
    retrieval_notes: tuple[str, ...] = ()
    recall: Recall | None = None
    judged: JudgedCounts | None = None
    variants: dict[str, int] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
