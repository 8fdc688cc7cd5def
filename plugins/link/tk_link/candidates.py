"""Pairs worth comparing, found without looking at all n1·n2.

Each row proposes its nearest rows by character-n-gram cosine in two views, in both directions;
rows that share a rare code, e-mail address or phone number are added. Where comparing all texts
would take too many products, cheap passes (`tk_link.passes`) propose instead, and a sample tells
whether they suffice; if not, nearest rows by the rarest n-grams join them. Memory grows with the
number of rows times ``k``. `plan_search` decides which of these it is, `find` carries it out.
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
from tk_link.likely import PLAIN, Likely, find_likely, recall_of
from tk_link.linkage import Recall
from tk_link.ngrams import VectorPair, vectorise
from tk_link.passes import Found
from tk_link.tables import Table
from tk_link.views import Views, comparable, spelled

KEYS: frozenset[FieldType] = frozenset({"code", "email", "phone"})
COMMON_KEY = 10
"""A key value on more rows than this in either table says too little to propose pairs."""
LEAST_COSINE = 0.05
MOST_PRODUCTS = 2e9
"""Multiplications up to which every text is compared with every other: some seconds."""
K_RARE = 3
"""Nearest rows by the rarest n-grams alone, for large tables; more would be noise and memory."""
_MOST_IN_BLOCKS = 50
"""Pairs a row up to which all pairs of a block are candidates."""
ENOUGH = 0.95
"""Share of the likely pairs that passes must find to suffice."""
_LOOKED_AT, _MOST_NEAR = 1_000, 0.9
"""Pairs looked at, and the share of them that may be plainly near, where pairs inside one table are
judged one by one: beyond it hardly any others are left to learn what a match differs in. On febrl3
the passes' pairs are matches but for 3%, and of the true pairs 0.59 were joined instead of 1.00."""
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
        recall: Expected share of the true pairs among them; None where every row's nearest texts
            are, or nothing is known.
    """

    pairs: Pairs
    record: VectorPair
    meaning: Meaning | None = None
    recall: Recall | None = None


@dataclass(frozen=True)
class Search:
    """How pairs will be found, decided once: a dry run prints it and a run carries it out.

    Attributes:
        record: Vectors of the whole records.
        identifying: Vectors of the most identifying field, where all texts are compared by it too.
        whole: Keys of all pairs that agree on a block, where those are the candidates.
        met: What passes propose, where comparing all texts would take too long.
        likely: Probable matches to measure recall on; None where all texts are compared.
        lacks_others: Whether passes propose hardly anything but matches, inside one table.
    """

    record: VectorPair
    identifying: VectorPair | None = None
    whole: NDArray[np.int64] | None = None
    met: Found | None = None
    likely: Likely | None = None
    lacks_others: bool = False

    @property
    def vectors(self) -> list[VectorPair]:
        """The views that are searched."""
        return [self.record, *([self.identifying] if self.identifying is not None else [])]

    @property
    def heights(self) -> tuple[int, int]:
        """Heights of the two tables."""
        return self.record.left.shape[0], self.record.right.shape[0]

    @property
    def needs_rare_grams(self) -> bool:
        """Whether passes alone miss too much, or leave nothing to tell matches from."""
        recall = self.met.recall if self.met is not None else None
        return self.lacks_others or (recall is not None and recall.share < ENOUGH)

    def recall(self, keys: NDArray[np.int64]) -> Recall | None:
        """Return the expected share of true pairs among ascending keys."""
        if self.likely is None:
            return None
        return recall_of(self.likely, passes.held(keys, self.likely, self.heights[1]))


def plan_search(
    left: Table,
    right: Table,
    fields: Sequence[Field],
    views: Views,
    *,
    block: Sequence[Sequence[Field]] = (),
    threads: int = 2,
) -> Search:
    """Decide how pairs are found. Arguments as in `find`."""
    record = vectorise(*views.record, threads=threads)
    most = _MOST_IN_BLOCKS * max(len(left), len(right))
    whole = passes.blocked(left, right, block, most=most) if block else None
    by_text = whole is None and is_small(record)
    likely = None
    if block or not by_text:
        likely = find_likely(record, threads=threads, is_within=left is right)
    if by_text and views.identifying is not None:
        return Search(record, vectorise(*views.identifying, threads=threads), likely=likely)
    if by_text or likely is None or whole is not None:
        return Search(record, whole=whole, likely=likely)
    met = passes.collide(left, right, fields, likely, record)
    lacks_others = left is right and _share_near(record, met.keys) > _MOST_NEAR
    return Search(record, met=met, likely=likely, lacks_others=lacks_others)


def _share_near(record: VectorPair, keys: NDArray[np.int64]) -> float:
    """Return the share of some pairs of different rows that are plainly near, 0..1."""
    rows, others = np.divmod(keys, record.right.shape[0])
    different = np.flatnonzero(rows < others)
    if not len(different):
        return 0.0
    count = min(_LOOKED_AT, len(different))
    some = np.random.default_rng(0).choice(different, count, replace=False)
    near = record.cosine(rows[some].astype(np.int32), others[some].astype(np.int32)) >= PLAIN
    return float(near.mean())


def find(
    left: Table,
    right: Table,
    fields: Sequence[Field],
    views: Views,
    *,
    k: int = K,
    block: Sequence[Sequence[Field]] = (),
    threads: int = 2,
    search: Search | None = None,
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
        search: What `plan_search` decided; None decides now.
        meaning: Where given, each row's nearest rows in it are proposed as well.
        by_letters: Propose by letters and equal values at all.
    """
    if search is None:
        search = plan_search(left, right, fields, views, block=block, threads=threads)
    width, record = len(right), search.record
    if search.whole is not None:
        keys, block = search.whole, ()
    elif not by_letters:
        keys = np.zeros(0, dtype=np.int64)
    elif search.met is None:
        keys = _by_text(left, right, fields, search, k=k, threads=threads)
    else:
        keys = search.met.keys
        if search.needs_rare_grams:
            few = record.cheapest(MOST_PRODUCTS)
            near = min(k, K_RARE + (left is right))  # a row is nearest to itself
            keys = passes.ascending([keys, _nearest(few, near, width, threads)])
    if meaning is not None and search.whole is None:
        keys = passes.ascending([keys, meaning.view.keys(k)])
    pairs = Pairs(
        (keys // width).astype(np.int32), (keys % width).astype(np.int32), (len(left), width)
    )
    if block:
        within = np.zeros(len(pairs), dtype=bool)
        for group in block:
            agreed = [agree(left, right, field, pairs).fill_null(False) for field in group]
            within |= np.logical_and.reduce([values.to_numpy() for values in agreed])
        pairs, keys = pairs.only(within), keys[within]
    return Candidates(pairs, record, meaning, search.recall(keys))


def is_small(record: VectorPair) -> bool:
    """Tell whether every text can be compared with every other."""
    return record.products() <= MOST_PRODUCTS


def _by_text(
    left: Table,
    right: Table,
    fields: Sequence[Field],
    search: Search,
    *,
    k: int,
    threads: int,
) -> NDArray[np.int64]:
    """Return keys of nearest rows in both views and of rows that share a rare code."""
    found = [_nearest(vectors, k, len(right), threads) for vectors in search.vectors]
    for field in fields:
        if field.type in KEYS:
            found.append(_collisions(left, right, field, len(right)))
    return passes.ascending(found)


def agree(left: Table, right: Table, field: Field, pairs: Pairs) -> pl.Series:
    """Tell for each pair whether it holds one value of a field; null where a value is missing."""
    a = comparable(left, field.left, field.type).gather(pairs.left)
    return a == comparable(right, field.right, field.type).gather(pairs.right)


def _nearest(vectors: VectorPair, k: int, width: int, threads: int) -> NDArray[np.int64]:
    """Return pair keys ``left · width + right`` of both directions' nearest rows."""
    keys = []
    for queries, rows, top in (
        (vectors.left, vectors.right, k),
        (vectors.right, vectors.left, max(k // 2, 1)),
    ):
        best = sp_matmul_topn(
            queries, rows.T.tocsr(), top_n=top, threshold=LEAST_COSINE, n_threads=threads
        ).tocoo()
        a, b = best.row.astype(np.int64), best.col.astype(np.int64)
        keys.append(a * width + b if queries is vectors.left else b * width + a)
    return np.concatenate(keys)


def _collisions(left: Table, right: Table, field: Field, width: int) -> NDArray[np.int64]:
    """Return keys of the pairs that agree exactly on a field's rare values."""
    sides = []
    for table, column in ((left, field.left), (right, field.right)):
        side = pl.DataFrame({"value": spelled(table, column, field.type)}).with_row_index("row")
        sides.append(side.drop_nulls().filter(pl.len().over("value") <= COMMON_KEY))
    both = sides[0].join(sides[1], on="value", suffix="_right")
    rows = both["row"].to_numpy().astype(np.int64)
    return np.asarray(rows * width + both["row_right"].to_numpy().astype(np.int64))
