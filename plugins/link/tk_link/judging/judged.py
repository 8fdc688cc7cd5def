"""Judgements on named pairs, found again among the rows of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from tk.errors import InputError
from tk_link.auditing.judgements import Journal, Judgement, Pair
from tk_link.candidates import Pairs
from tk_link.linkage import JudgedCounts

Verdicts = Mapping[Pair, Judgement]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Judged:
    """What judgements say of the rows of a run.

    Attributes:
        same: Rows judged to be one entity, ``(n, 2)``: left and right row.
        different: Rows judged to be two, likewise.
        absent: Judged pairs of which a row is not there.
    """

    same: Rows
    different: Rows
    absent: int = 0

    def __len__(self) -> int:
        return len(self.same) + len(self.different)

    @property
    def counts(self) -> JudgedCounts:
        """How many pairs were judged what."""
        return JudgedCounts(len(self.same), len(self.different), self.absent)

    def entities(self, height: int) -> Rows:
        """Return for each row of one table the first row that is judged to be the same."""
        edges = (np.ones(len(self.same), dtype=bool), (self.same[:, 0], self.same[:, 1]))
        graph = sparse.coo_matrix(edges, (height, height))
        label = connected_components(graph, directed=False)[1]
        _, first, member = np.unique(label, return_index=True, return_inverse=True)
        return np.asarray(first[member], dtype=np.int64)

    def check(self, names: pl.Series) -> None:
        """See that the judgements on rows of one table do not contradict each other.

        Raises:
            InputError: They do; the message names two rows.
        """
        entity = self.entities(len(names))
        clash = entity[self.different[:, 0]] == entity[self.different[:, 1]]
        if clash.any():
            one, other = (names[int(row)] for row in self.different[clash][0])
            raise InputError(
                f"{one} and {other} are judged different, but other judgements make them the same "
                "(directly or by way of further rows); judge one of these pairs again: a later "
                "line overrules an earlier one"
            )

    def is_different(self, pairs: Pairs) -> NDArray[np.bool_]:
        """Tell which pairs of rows of one table are judged different."""
        low, high = np.sort(self.different, axis=1).T
        height = pairs.rows[0]
        keys = pairs.left.astype(np.int64) * height + pairs.right
        return np.isin(keys, low * height + high)


NOT_JUDGED = Judged(np.zeros((0, 2), dtype=np.int64), np.zeros((0, 2), dtype=np.int64))


def read_verdicts(file: str) -> dict[Pair, Judgement]:
    """Read what `tk audit` kept, or any csv ``left_id,right_id,judgement,when``.

    Raises:
        InputError: It is missing or holds no judgements.
    """
    path = Path(file).expanduser()
    if not path.is_file():
        raise InputError(f"{file} is not there; name the file of judgements that tk audit keeps")
    return Journal(path).read()


def check_present(judged: Judged, verdicts: Verdicts, called: str) -> None:
    """See that some judged pair was found.

    Raises:
        InputError: None was, so that the judgements are of other tables.
    """
    if judged.absent and not judged:
        one, other = next(iter(verdicts))
        raise InputError(
            f"no judged pair names rows of these tables: {one} and {other} are not among them, "
            f"whose rows are called like {called}; name the files that were judged"
        )


def find_rows(verdicts: Verdicts, left: Mapping[str, int], right: Mapping[str, int]) -> Judged:
    """Find the rows that judged pairs name; unsure ones say nothing.

    Args:
        verdicts: The judgements.
        left: Row of each name in the left table.
        right: Likewise; the same mapping where the rows are of one table.
    """
    found: dict[str, list[tuple[int, int]]] = {"y": [], "n": []}
    absent = 0
    for (one, other), judgement in verdicts.items():  # thousands, judged by people
        if judgement == "u":
            continue
        if one in left and other in right:
            found[judgement].append((left[one], right[other]))
        else:
            absent += 1
    same, different = (np.array(found[j], dtype=np.int64).reshape(-1, 2) for j in ("y", "n"))
    return Judged(same, different, absent)


def rows_by_name(*namings: pl.Series) -> dict[str, int]:
    """Return the row of each name that is one row's alone; of namings an earlier one wins."""
    found: dict[str, int] = {}
    for names in reversed(namings):
        once = pl.DataFrame({"name": names}).with_row_index("row")
        once = once.filter(pl.col("name").is_not_null() & pl.col("name").is_unique())
        found |= dict(zip(once["name"], once["row"], strict=True))
    return found
