"""Which index suits how many vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Structure = Literal["flat", "hnsw", "ivf", "ivfpq"]

_FLAT, _HNSW = 50_000, 1_000_000
"""Up to the first, building a graph costs more than it saves: 35,000 vectors of people are compared
in 12.5 s, a graph of them takes 15.8 s. Up to the second a graph finds 0.98 of the ten nearest,
while lists must be looked into by the sixth for 0.95, as slowly as comparing all."""
_FLAT_GPU = 2_000_000
_PLAIN_BYTES = 4 << 30
"""Vectors above this are kept compressed (four gigabytes: 2.8 million of length 384)."""
_CENTROID_ROWS = 39
"""faiss wants this many training rows for each list."""


@dataclass(frozen=True)
class IndexPlan:
    """An index and why it was chosen.

    Attributes:
        structure: ``flat`` compares all; ``hnsw`` walks a graph; ``ivf`` looks into the nearest of
            many lists; ``ivfpq`` does so with compressed vectors.
        reason: Why, in words.
        lists: Lists of the two last; 0 for the others.
        probes: Lists looked into for each query.
    """

    structure: Structure
    reason: str
    lists: int = 0
    probes: int = 0


def plan_index(rows: int, dim: int, *, gpu: bool = False) -> IndexPlan:
    """Choose an index for `rows` vectors of length `dim`, about as many queries expected.

    The figures behind the limits are printed by ``benchmarks/linkage/indexes.py``.
    """
    if rows <= (_FLAT_GPU if gpu else _FLAT):
        what = "a GPU compares all" if gpu else "comparing all is exact and fast enough"
        return IndexPlan("flat", f"{rows:,} vectors: {what}")
    if rows <= _HNSW and not gpu:
        return IndexPlan("hnsw", f"{rows:,} vectors: a graph is searched faster than all compared")
    return plan_lists(rows, dim)


def plan_lists(rows: int, dim: int) -> IndexPlan:
    """Choose between the two kinds of lists, and how many of them."""
    lists = max(1, min(int(4 * rows**0.5), rows // _CENTROID_ROWS))
    probes = max(1, min(lists, max(16, lists // 8)))
    size = rows * dim * 4
    if size <= _PLAIN_BYTES:
        reason = f"{rows:,} vectors: {lists:,} lists, {probes} looked into"
        return IndexPlan("ivf", reason, lists, probes)
    reason = f"{rows:,} vectors are {size >> 30} GB: kept compressed in {lists:,} lists"
    return IndexPlan("ivfpq", reason, lists, probes)
