"""Pairs worth comparing, found without looking at all n1·n2.

Each row proposes its nearest rows by character-n-gram cosine in two views, in both directions;
rows that share a rare code, e-mail address or phone number are added. Where comparing all texts
would take too many products, cheap passes (`tk_link.passes`) propose instead, and a sample tells
whether they suffice; if not, nearest rows by the rarest n-grams join them. Memory grows with the
number of rows times ``k``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sparse_dot_topn import sp_matmul_topn

from tk_link import passes
from tk_link.dense.likeness import Meaning
from tk_link.fields import Field, FieldType
from tk_link.ngrams import VectorPair, vectorise
from tk_link.tables import Table
from tk_link.views import Views, comparable, normalised

_KEYS: frozenset[FieldType] = frozenset({"code", "email", "phone"})
_COMMON_KEY = 10
"""A key value on more rows than this in either table says too little to propose pairs."""
_LEAST_COSINE = 0.05
_MOST_PRODUCTS = 2e9
"""Multiplications up to which every text is compared with every other: some seconds."""
_K_RARE = 3
"""Nearest rows by the rarest n-grams alone, for large tables; more would be noise and memory."""
_MOST_IN_BLOCKS = 50
"""Pairs a row up to which all pairs of a block are candidates."""
_SAMPLED, _PLAIN, _ENOUGH = 300, 0.5, 0.95
"""Passes suffice where, of this many rows' nearest rows by cosine, those nearer than 0.5 are among
the candidates in this share."""
K = 10
"""Nearest rows proposed by each left row; each right row proposes half as many."""


@dataclass(frozen=True)
class Pairs:
    """Candidate pairs, sorted by left then right row, each once.

    Attributes:
        left: Row numbers in the left table.
        right: Row numbers in the right table.
        rows: Heights of the two tables.
        is_within: Whether both sides are rows of one table; then left is the smaller number.
    """

    left: NDArray[np.int32]
    right: NDArray[np.int32]
    rows: tuple[int, int]
    is_within: bool = False

    def __len__(self) -> int:
        return len(self.left)

    def only(self, chosen: NDArray[np.bool_]) -> Pairs:
        """Return the chosen pairs."""
        return Pairs(self.left[chosen], self.right[chosen], self.rows, self.is_within)


@dataclass(frozen=True)
class Candidates:
    """Candidate pairs and the vectors they were found with.

    Attributes:
        pairs: The pairs.
        record: Record texts by letters.
        meaning: Record texts by meaning, where that was looked at.
    """

    pairs: Pairs
    record: VectorPair
    meaning: Meaning | None = None


def find(
    left: Table,
    right: Table,
    fields: Sequence[Field],
    views: Views,
    *,
    k: int = K,
    block: Sequence[Sequence[Field]] = (),
    threads: int = 2,
    meaning: Meaning | None = None,
    by_letters: bool = True,
) -> Candidates:
    """Propose pairs.

    Args:
        left: Left table.
        right: Right table.
        fields: Compared columns; codes, e-mail and phone among them propose exact collisions.
        views: Texts to search by.
        k: Nearest rows per left row and view.
        block: Where given, candidates are the pairs that agree on every field of at least one
            group: all of them, or where they would be too many those that are near as well.
        threads: Threads of the sparse products.
        meaning: Where given, each row's nearest rows in it are proposed as well.
        by_letters: Propose by letters and equal values at all.
    """
    width = len(right)
    record = vectorise(*views.record)
    most = _MOST_IN_BLOCKS * max(len(left), width)
    whole = passes.blocked(left, right, block, most=most) if block else None
    if whole is not None:
        keys, block = whole, ()
    elif not by_letters:
        keys = np.zeros(0, dtype=np.int64)
    elif is_small(record):
        keys = _by_text(left, right, fields, views, record, k=k, threads=threads)
    else:
        keys = passes.collide(left, right, fields)
        if _recall(record, keys, threads, is_within=left is right) < _ENOUGH:
            few = record.cheapest(_MOST_PRODUCTS)
            keys = np.union1d(keys, _nearest(few, min(k, _K_RARE), width, threads))
    if meaning is not None and whole is None:
        keys = np.union1d(keys, meaning.view.keys(k))
    pairs = Pairs(
        (keys // width).astype(np.int32), (keys % width).astype(np.int32), (len(left), width)
    )
    if block:
        within = np.zeros(len(pairs), dtype=bool)
        for group in block:
            agreed = [agree(left, right, field, pairs).fill_null(False) for field in group]
            within |= np.logical_and.reduce([values.to_numpy() for values in agreed])
        pairs = pairs.only(within)
    return Candidates(pairs, record, meaning)


def is_small(record: VectorPair) -> bool:
    """Tell whether every text can be compared with every other."""
    return record.products() <= _MOST_PRODUCTS


def _by_text(
    left: Table,
    right: Table,
    fields: Sequence[Field],
    views: Views,
    record: VectorPair,
    *,
    k: int,
    threads: int,
) -> NDArray[np.int64]:
    """Return keys of nearest rows in both views and of rows that share a rare code."""
    found = [_nearest(record, k, len(right), threads)]
    if views.identifying is not None:
        found.append(_nearest(vectorise(*views.identifying), k, len(right), threads))
    for field in fields:
        if field.type in _KEYS:
            found.append(_collisions(left, right, field, len(right)))
    return np.unique(np.concatenate(found))


def _recall(record: VectorPair, keys: NDArray[np.int64], threads: int, *, is_within: bool) -> float:
    """Estimate the share of plainly near pairs that ``keys`` hold, from a sample of left rows."""
    height, width = record.left.shape[0], record.right.shape[0]
    rows = np.unique(np.linspace(0, height - 1, _SAMPLED).astype(np.int64))
    top = 2 if is_within else 1  # a row's nearest in its own table is itself
    nearest = sp_matmul_topn(
        record.left[rows], record.right.T.tocsr(), top_n=top, threshold=_PLAIN, n_threads=threads
    ).tocoo()
    query, found = rows[nearest.row], nearest.col.astype(np.int64)
    other = query != found if is_within else np.ones(len(query), dtype=bool)
    plain = query[other] * width + found[other]
    return float(np.isin(plain, keys).mean()) if len(plain) else 0.0


def agree(left: Table, right: Table, field: Field, pairs: Pairs) -> pl.Series:
    """Tell for each pair whether it holds one value of a field; null where a value is missing."""
    a = comparable(left.text[field.left], field.type).gather(pairs.left)
    return a == comparable(right.text[field.right], field.type).gather(pairs.right)


def _nearest(vectors: VectorPair, k: int, width: int, threads: int) -> NDArray[np.int64]:
    """Return pair keys ``left · width + right`` of both directions' nearest rows."""
    keys = []
    for queries, rows, top in (
        (vectors.left, vectors.right, k),
        (vectors.right, vectors.left, max(k // 2, 1)),
    ):
        best = sp_matmul_topn(
            queries, rows.T.tocsr(), top_n=top, threshold=_LEAST_COSINE, n_threads=threads
        ).tocoo()
        a, b = best.row.astype(np.int64), best.col.astype(np.int64)
        keys.append(a * width + b if queries is vectors.left else b * width + a)
    return np.concatenate(keys)


def _collisions(left: Table, right: Table, field: Field, width: int) -> NDArray[np.int64]:
    """Return keys of the pairs that agree exactly on a field's rare values."""
    sides = []
    for values in (left.text[field.left], right.text[field.right]):
        side = pl.DataFrame({"value": normalised(values, field.type)}).with_row_index("row")
        sides.append(side.drop_nulls().filter(pl.len().over("value") <= _COMMON_KEY))
    both = sides[0].join(sides[1], on="value", suffix="_right")
    rows = both["row"].to_numpy().astype(np.int64)
    return np.asarray(rows * width + both["row_right"].to_numpy().astype(np.int64))
