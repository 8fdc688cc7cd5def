"""What workers know of the table: the recipe, where things lie, and the sample's counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.candidates import Candidates, Pairs
from tk_link.comparing.features import Features, compare
from tk_link.comparing.statistics import Statistics, load
from tk_link.shards.inputs import Layout
from tk_link.shards.spelling import Recipe
from tk_link.shards.store import Stage


@dataclass(frozen=True)
class Learnt:
    """What every later stage needs.

    Attributes:
        layout: Where rows are.
        recipe: How they are compared.
        spelled: The stage that wrote them as they are compared.
        counts: File of the sample's `Statistics`.
        nearest: How many nearest texts a left and a right row propose, where all texts are
            compared; None where passes propose.
    """

    layout: Layout
    recipe: Recipe
    spelled: Stage
    counts: Path
    nearest: tuple[int, int] | None = None

    @property
    def statistics(self) -> Statistics:
        """The sample's counts, read once by each process."""
        return _load(self.counts)

    def compare(self, rows: pl.DataFrame, pairs: pl.DataFrame) -> tuple[Features, Pairs]:
        """Compare pairs.

        Args:
            rows: Spelled rows, those of all pairs among them, each once.
            pairs: ``left`` and ``right`` row numbers.

        Returns:
            Their features, and the pairs by place among `rows` in order of their numbers.
        """
        rows = rows.sort("row")
        numbers = rows["row"].to_numpy()
        left, right = (_places(numbers, pairs[side]) for side in ("left", "right"))
        local = Pairs(left, right, (len(rows), len(rows)), is_within=True)
        table, views = self.recipe.table(rows)
        statistics = self.statistics
        found = Candidates(local, statistics.record.pair(*views.record))
        features = compare(table, table, self.recipe.fields, views, found, statistics=statistics)
        return features, local


def _places(numbers: NDArray[np.int64], wanted: pl.Series) -> NDArray[np.int32]:
    return np.searchsorted(numbers, wanted.to_numpy()).astype(np.int32)


@lru_cache(maxsize=1)
def _load(path: Path) -> Statistics:
    return load(path)
