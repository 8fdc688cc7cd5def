"""The most alike rows of one table: known non-matches, wherever rows have at most one partner.

Under one-to-one linkage two rows of one table are two things. How alike such rows get says how
alike rows of two tables get that are not the same, also where hardly any row has a match and no
match can tell (`tk_link.scoring.distinct`). They are found and compared as pairs of two tables
are, for some rows of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sparse_dot_topn import sp_matmul_topn

from tk_link.candidates import Candidates, Pairs, Search
from tk_link.comparing.features import Features, compare
from tk_link.fields import Field
from tk_link.ngrams import VectorPair
from tk_link.tables import Table
from tk_link.views import Views

NEAREST = 6
LEAST_COSINE = 0.05
MOST_ASKED = 2_000
"""Rows of a table whose nearest rows are looked for: their share above a score is known to one
in two thousand."""
MOST_PRODUCTS = 5e8
"""Multiplications for one view of one table; beyond them rare n-grams alone are compared."""


@dataclass(frozen=True)
class Lookalikes:
    """Rows of one table and their nearest rows in the same table.

    Attributes:
        pairs: Each once; rows are numbered among those that occur.
        values: ``(pairs, features)`` as `tk_link.comparing.features.Features.values`.
        asked: The rows whose nearest were looked for.
        height: Rows of the table.
    """

    pairs: Pairs
    values: NDArray[np.float32]
    asked: NDArray[np.int64]
    height: int

    @property
    def share_asked(self) -> float:
        """Return the share of the rows whose nearest were looked for, 0..1."""
        return len(self.asked) / self.height


def find(
    left: Table,
    right: Table,
    fields: Sequence[Field],
    views: Views,
    *,
    search: Search,
    features: Features,
    threads: int,
    seed: int,
) -> tuple[Lookalikes, Lookalikes]:
    """Return the look-alikes of both tables.

    Args:
        left: Left table.
        right: Right table.
        fields: Compared columns.
        views: Texts that candidates were searched by.
        search: Vectors of these texts.
        features: How the candidates compare; look-alikes get the same features. A value is left
            out as often as it is among the candidates, where that is more often.
        threads: Processor threads.
        seed: Seed of the rows that are asked.
    """
    rng = np.random.default_rng(seed)
    known = kept_share(features)
    sides = []
    for number, table in enumerate((left, right)):
        vectors = [(pair.left, pair.right)[number] for pair in search.vectors]
        asked, pairs = _nearest(vectors, rng, threads)
        rows = np.union1d(np.unique(pairs.left), np.union1d(pairs.right, asked))
        local = Pairs(
            np.searchsorted(rows, pairs.left).astype(np.int32),
            np.searchsorted(rows, pairs.right).astype(np.int32),
            (len(rows), len(rows)),
            is_within=True,
        )
        values = _compared(
            _taken(table, rows),
            [replace(f, left=_name(f, number), right=_name(f, number)) for f in fields],
            _side(views, number, rows),
            Candidates(local, VectorPair(vectors[0][rows], vectors[0][rows])),
            labels=[f.label for f in fields],
            names=features.names,
            threads=threads,
        )
        forget(values, known, rng)
        sides.append(Lookalikes(local, values, np.searchsorted(rows, asked), len(table)))
    return sides[0], sides[1]


def _nearest(
    vectors: Sequence[sparse.csr_matrix], rng: np.random.Generator, threads: int
) -> tuple[NDArray[np.int64], Pairs]:
    """Return the rows asked, ascending, and the pairs of them with their nearest."""
    height = vectors[0].shape[0]
    asked = np.arange(height)
    if height > MOST_ASKED:
        asked = np.sort(rng.choice(height, MOST_ASKED, replace=False))
    keys = []
    for side in vectors:
        few = VectorPair(side[asked], side)
        if few.products() > MOST_PRODUCTS:
            few = few.cheapest(MOST_PRODUCTS)
        best = sp_matmul_topn(
            few.left,
            few.right.T.tocsr(),
            top_n=NEAREST + 1,  # itself among them
            threshold=LEAST_COSINE,
            n_threads=threads,
        ).tocoo()
        one, other = asked[best.row], best.col.astype(np.int64)
        apart = one != other
        low, high = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
        keys.append(low * height + high)
    both = np.unique(np.concatenate(keys))
    ends = (both // height).astype(np.int32), (both % height).astype(np.int32)
    return asked, Pairs(*ends, (height, height), is_within=True)


def _compared(
    table: Table,
    fields: Sequence[Field],
    views: Views,
    candidates: Candidates,
    *,
    labels: Sequence[str],
    names: Sequence[str],
    threads: int,
) -> NDArray[np.float32]:
    """Compare rows of one table; features in the order of ``names``, NaN where one is missing."""
    found = compare(table, table, fields, views, candidates, threads=threads)
    meant = {field.label: label for field, label in zip(fields, labels, strict=True)}
    columns = {_renamed(name, meant): n for n, name in enumerate(found.names)}
    out = np.full((len(candidates.pairs), len(names)), np.nan, dtype=np.float32)
    for n, name in enumerate(names):
        if name in columns:
            out[:, n] = found.values[:, columns[name]]
    return out


def _renamed(name: str, meant: dict[str, str]) -> str:
    """Return what a feature of two tables is called whose feature of one table is ``name``."""
    for before in ("", "column ", "rarity of ", "rarity of column "):
        if name.startswith(before) and name.removeprefix(before) in meant:
            return before + meant[name.removeprefix(before)]
    return name


def kept_share(features: Features) -> NDArray[np.float64]:
    """Return how often candidates have a value of each feature, 0..1."""
    return np.asarray(1.0 - np.isnan(features.values).mean(axis=0))


def forget(
    values: NDArray[np.float32], known: NDArray[np.float64], rng: np.random.Generator
) -> None:
    """Leave values out, in place, until each feature is known as seldom as ``known`` says."""
    for column, share in zip(values.T, known, strict=True):
        here = 1.0 - np.isnan(column).mean() if len(column) else 0.0
        if share < here:
            column[rng.random(len(column)) > share / here] = np.nan


def _name(field: Field, side: int) -> str:
    return (field.left, field.right)[side]


def _taken(table: Table, rows: NDArray[np.int64]) -> Table:
    return Table(table.name, table.frame[rows], table.text[rows])


def _side(views: Views, number: int, rows: NDArray[np.int64]) -> Views:
    """Return the views of some rows of one table, as both sides."""
    record, columns = views.record[number].gather(rows), views.columns[number]
    wording = None if views.wording is None else views.wording[number].gather(rows)
    return Views(
        (record, record),
        None,
        None,
        None if wording is None else (wording, wording),
        (columns, columns),
    )
