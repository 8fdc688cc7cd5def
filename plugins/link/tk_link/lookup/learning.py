"""What similarities are worth in a lookup, learnt by asking an index for rows it holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tk_link.comparing.features import Features
from tk_link.lookup.index import Index
from tk_link.lookup.slips import Writer
from tk_link.progress import Progress
from tk_link.scoring import levels, thumb
from tk_link.scoring.additive import Refit
from tk_link.scoring.curve import Curve, fitted
from tk_link.scoring.model import Model

_QUERIES = 2_000
"""Records that an index is tried on: one half to learn from, the other to calibrate on."""
_FEWEST = 20
"""Rows below which nothing can be learnt."""


def by_thumb(features: tuple[str, ...], rows: int) -> Model:
    """Return the fixed rule for a table too small to learn from."""
    return Model(features, thumb.model(np.ones(len(features)), (1, rows)), thumb.curve())


def learn(index: Index, *, seed: int = 0, progress: Progress | None = None) -> Index:
    """Return the index with a model learnt on records written after its own rows.

    Each is asked for; every other one is asked with its row taken away, so that the best of what
    is left is wrong for certain: probabilities assume that half of what will be asked is there.
    """
    if len(index) < _FEWEST:
        return index
    writer = Writer(
        {c.name: index.table[c.name].to_list() for c in index.columns}
        | {name: index.table[name].to_list() for name in index.name_columns},
        index.name_columns,
        seed,
    )
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(index))[:_QUERIES]
    values, truths, owners = [], [], []
    for number, row in enumerate(chosen.tolist()):  # 2,000 at most, some milliseconds each
        is_there = number % 2 == 0
        rows, found = index.compare(writer.write(row), without=None if is_there else row)
        values.append(found)
        truths.append(rows == row)
        owners.append(np.full(len(rows), number))
        if progress is not None:
            progress.advance()
    features = Features(index.features, np.concatenate(values), np.ones(len(index.features)))
    return replace(index, model=_fit(features, np.concatenate(truths), np.concatenate(owners)))


def _fit(features: Features, truth: NDArray[np.bool_], owner: NDArray[np.int64]) -> Model:
    """Fit evidence on one half of the queries and its calibration on the other."""
    cut = levels.cut(features)
    is_first = owner // 2 % 2 == 0  # pairs of numbers, so that both halves hold and miss rows
    additive = Refit(cut[is_first], features.weights).fit(truth[is_first].astype(np.float64))
    log_odds = additive.log_odds(cut)
    rest = np.flatnonzero(~is_first)
    order = rest[np.lexsort((-log_odds[rest], owner[rest]))]
    best = order[np.unique(owner[order], return_index=True)[1]]
    curve = _curve(log_odds[best], truth[best])
    even = curve.even()  # scores are moved so that an even chance is 0, as in a linkage
    return Model(features.names, additive.moved(-even), curve.moved(-even))


def _curve(score: NDArray[np.float64], truth: NDArray[np.bool_]) -> Curve:
    """Fit the chance that a query's best row is the one; never surer than its sample allows."""
    raw = fitted(score, truth.astype(np.float64))
    least = 1.0 / (len(score) + 2.0)
    return Curve(raw.points, np.clip(raw.chances, least, 1.0 - least))
