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
from tk_link.fields import Field
from tk_link.rules import allowed
from tk_link.shards.inputs import Layout
from tk_link.shards.spelling import Recipe
from tk_link.shards.store import Stage
from tk_link.tables import Table
from tk_link.views import Views

Obeyed = tuple[tuple[Field, ...], tuple[Field, ...]]
"""Fields that must agree in a pair, and fields that must not disagree."""


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
        local, table, views = self._local(rows, pairs)
        statistics = self.statistics
        found = Candidates(local, statistics.record.pair(*views.record))
        features = compare(table, table, self.recipe.fields, views, found, statistics=statistics)
        return features, local

    def allowed(self, rows: pl.DataFrame, pairs: pl.DataFrame, obeyed: Obeyed) -> NDArray[np.bool_]:
        """Tell which pairs obey hard rules; arguments as `compare`."""
        local, table, _ = self._local(rows, pairs)
        require, forbid = obeyed
        return allowed(table, table, local, require=require, forbid_conflict=forbid)

    def _local(self, rows: pl.DataFrame, pairs: pl.DataFrame) -> tuple[Pairs, Table, Views]:
        """Return pairs by place among rows in order of their numbers, and those rows."""
        rows = rows.sort("row")
        numbers = rows["row"].to_numpy()
        left, right = (_places(numbers, pairs[side]) for side in ("left", "right"))
        local = Pairs(left, right, (len(rows), len(rows)), is_within=True)
        return local, *self.recipe.table(rows)


def _places(numbers: NDArray[np.int64], wanted: pl.Series) -> NDArray[np.int32]:
    return np.searchsorted(numbers, wanted.to_numpy()).astype(np.int32)


@lru_cache(maxsize=1)
def _load(path: Path) -> Statistics:
    return load(path)
