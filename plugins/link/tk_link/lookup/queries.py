"""What is asked of an index, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LONGEST_VALUE = 5_000
"""Characters of one value that a lookup looks at, at most; longer ones are refused."""


@dataclass(frozen=True)
class Query:
    """One record to look up.

    Attributes:
        text: What is known of its name, or nothing.
        values: What is known of its columns; several values are alternatives.
    """

    text: str | None = None
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Hit:
    """A row that may be the one.

    Attributes:
        row: Row of the table, from 0.
        probability: Probability that it is the one, 0..1; those of one answer add up to 1 at most.
        score: Evidence in bits; 0 is an even chance without rivals.
        is_match: Whether it is likely enough to be taken without a look.
        similarity: How alike each compared part is, 0..1; parts with a missing value are left out.
    """

    row: int
    probability: float
    score: float
    is_match: bool
    similarity: Mapping[str, float]
