"""Clusterings made by hand, from pairs of rows and their probabilities."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.candidates import Pairs
from tk_link.dedupe.clustering import Clustering, pairs_frame, rows_frame
from tk_link.dedupe.clusters import group
from tk_link.dedupe.stack import Stack
from tk_link.fields import Field
from tk_link.linkage import Skipped


def matrix_of(height: int, *rows: tuple[int, int, float]) -> NDArray[np.float64]:
    """Make the symmetric matrix of probabilities; pairs not named have none."""
    matrix = np.zeros((height, height))
    for left, right, probability in rows:
        matrix[left, right] = matrix[right, left] = probability
    return matrix


def pairs_of(matrix: NDArray[np.float64], least: float = 0.0) -> tuple[Pairs, NDArray[np.float64]]:
    """Make the candidate pairs of a matrix, those above ``least``, and their probabilities."""
    left, right = np.nonzero(np.triu(matrix > least, 1))
    pairs = Pairs(left.astype(np.int32), right.astype(np.int32), matrix.shape, is_within=True)
    return pairs, matrix[left, right]


def made(stack: Stack, *rows: tuple[int, int, float], **more: object) -> Clustering:
    """Make what a run would return for a table of ``id``, ``name`` and ``city``."""
    pairs, probability = pairs_of(matrix_of(len(stack.table), *rows))
    cluster, known = group(pairs, probability, lambda missing: np.zeros(len(missing)))
    filled = stack.table.text.select(n=pl.sum_horizontal(pl.all().is_not_null()))["n"]
    scored = pairs_frame(cluster, known)
    options = {
        "fields": (Field("name", "name", "name"), Field("city", "city", "text")),
        "skipped": (Skipped(stack.table.name, "id", "names the rows"),),
        "id_column": "id",
        "method": "average",
        "candidates": len(pairs),
        "precision": 0.91,
    }
    return Clustering(
        rows=rows_frame(cluster, known, filled.to_numpy().astype(np.int64)),
        pairs=scored.filter("is_joined").drop("is_joined"),
        borderline=scored.sort((pl.col("match_probability") - 0.5).abs()).head(3),
        **(options | more),
    )
