"""Prediction and truth brought together: pair by pair for two tables, row by row for one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from tk.errors import InputError
from tk_link.evaluation.stated import Clusters, Pairs, Stated, ids_of

_FLIPPED = 0.05
"""Share of the predicted pairs that fit the truth only the other way round from which the ids are
taken to be of one table; ids of two tables that collide do so now and then."""


_LOOKED_AT = 10_000
"""Pairs whose closure is looked at."""


@dataclass(frozen=True)
class Cases:
    """What there is to count.

    Attributes:
        pairs: ``left``, ``right``, ``probability``, ``is_accepted``, ``is_true``: every stated pair
            and, for two tables, every true one.
        cells: For one table: ``predicted`` and ``true`` cluster and the ``rows`` that both hold.
        is_within: Whether the pairs are of one table.
        true: Number of true pairs.
        notes: What a person should know.
    """

    pairs: pl.DataFrame
    cells: pl.DataFrame | None
    is_within: bool
    true: int
    notes: tuple[str, ...] = ()


def match_up(predicted: Stated, truth: Stated, *, is_within: bool | None) -> Cases:
    """Bring both together.

    Args:
        predicted: What a run states.
        truth: What is true.
        is_within: Whether all ids are of one table; None finds out.

    Raises:
        InputError: They have no id in common.
    """
    notes = [*predicted.notes, *truth.notes, *_unknown(predicted, truth)]
    if is_within is None:
        is_within, why = _is_within(predicted, truth)
        notes += why
    if is_within:
        return _one_table(predicted, truth, tuple(notes))
    if isinstance(predicted, Clusters) or isinstance(truth, Clusters):
        raise InputError(
            "clusters are of one table; leave out --tables two, or give two pair files"
        )
    return _two_tables(predicted, truth, tuple(notes))


def _is_within(predicted: Stated, truth: Stated) -> tuple[bool, list[str]]:
    if isinstance(predicted, Clusters) or isinstance(truth, Clusters):
        return True, []
    if predicted.is_within is not None:
        return predicted.is_within, []
    if _is_closed(predicted.frame.filter("is_accepted")) or _is_closed(truth.frame):
        why = "pairs of pairs are pairs: all ids are taken to be of one table (else: --tables two)"
        return True, [why]
    flipped = truth.frame.select(left="right", right="left")
    straight = predicted.frame.join(truth.frame, on=["left", "right"], how="semi")
    turned = predicted.frame.join(flipped, on=["left", "right"], how="semi").join(
        straight, on=["left", "right"], how="anti"
    )
    if len(turned) <= _FLIPPED * len(predicted.frame):
        return False, []
    return True, [
        f"{len(turned):,} predicted pairs are true the other way round: all ids are taken to be "
        "of one table (--tables two forbids it)"
    ]


def _is_closed(pairs: pl.DataFrame) -> bool:
    """Tell whether where a-b and b-c are pairs a-c mostly is one, as inside clusters.

    In two tables whose ids collide, b is two different rows.
    """
    ids = pairs.select("left", "right").head(_LOOKED_AT)
    paths = ids.join(ids, left_on="right", right_on="left", suffix="_c")
    closed = paths.select(left="left", right="right_c").join(ids, on=["left", "right"], how="semi")
    return len(paths) > 0 and 2 * len(closed) > len(paths)


def _unknown(predicted: Stated, truth: Stated) -> list[str]:
    """Say which of the truth's ids the prediction does not hold, where it should hold all.

    Raises:
        InputError: It holds none of them.
    """
    wanted, held = ids_of(truth), ids_of(predicted)
    missing = wanted.filter(~wanted.is_in(held.implode()))
    if len(wanted) and len(missing) == len(wanted):
        kinds = " and ".join(
            f"{stated.name} holds {'clusters' if isinstance(stated, Clusters) else 'pairs'}, "
            f"such as {ids_of(stated).sort()[0]!r}"
            for stated in (predicted, truth)
        )
        raise InputError(
            f"no id of the truth occurs in the prediction ({kinds}); are these the same tables, "
            "and the right columns (--pred-columns, --truth-columns)?"
        )
    if isinstance(predicted, Pairs) or not len(missing):
        return []
    return [
        f"{len(missing):,} of {len(wanted):,} ids of the truth (such as {missing.sort()[0]!r}) are "
        "no rows of the prediction and count as not joined"
    ]


def _two_tables(predicted: Pairs, truth: Pairs, notes: tuple[str, ...]) -> Cases:
    stated, true = predicted.frame, truth.frame.select("left", "right")
    if truth.labelled is not None:
        stated = stated.join(truth.labelled, on=["left", "right"], how="semi")
    pairs = _marked(stated, true)
    return Cases(pairs, None, is_within=False, true=len(true), notes=notes)


def _one_table(predicted: Stated, truth: Stated, notes: tuple[str, ...]) -> Cases:
    if isinstance(truth, Pairs) and truth.labelled is not None:
        # Labelled pairs are no whole clusters; what they say is counted pair by pair.
        if isinstance(predicted, Clusters):
            predicted = _same_cluster(predicted, truth.labelled)
        stated = _ordered(predicted.frame).join(_ordered(truth.labelled), on=["left", "right"])
        true = _ordered(truth.frame.select("left", "right"))
        pairs = _marked(stated, true)
        return Cases(pairs, None, is_within=True, true=len(true), notes=notes)
    rows = pl.DataFrame({"id": pl.concat([ids_of(predicted), ids_of(truth)]).unique().sort()})
    if isinstance(truth, Clusters):  # it lists every row that somebody looked at
        rows = rows.filter(pl.col("id").is_in(truth.frame["id"].implode()))
    whole = rows.with_columns(
        predicted=pl.Series(_labels(predicted, rows["id"])),
        true=pl.Series(_labels(truth, rows["id"])),
    )
    cells = whole.group_by("predicted", "true", maintain_order=True).agg(rows=pl.len())
    sizes = whole.group_by("true").len()["len"].cast(pl.Int64)
    pairs = pl.DataFrame()
    if isinstance(predicted, Pairs):
        entity = whole.select("id", "true")
        pairs = (
            _ordered(predicted.frame)
            .join(entity, left_on="left", right_on="id")
            .join(entity, left_on="right", right_on="id", suffix="_r")
            .with_columns(is_true=pl.col("true") == pl.col("true_r"))
            .drop("true", "true_r")
        )
    inside = int((sizes * (sizes - 1) // 2).sum())
    listed = len(_ordered(truth.frame)) if isinstance(truth, Pairs) else inside
    if listed != inside:
        notes += (f"the truth's {listed:,} pairs connect clusters with {inside:,} pairs",)
    return Cases(pairs, cells, is_within=True, true=inside, notes=notes)


def _marked(stated: pl.DataFrame, true: pl.DataFrame) -> pl.DataFrame:
    """Add ``is_true`` to stated pairs, and the true pairs that were not stated."""
    marked = true.with_columns(is_true=pl.lit(value=True))
    return stated.join(
        marked, on=["left", "right"], how="full", coalesce=True, maintain_order="left_right"
    ).with_columns(pl.col("is_true", "is_accepted").fill_null(value=False))


def _ordered(frame: pl.DataFrame) -> pl.DataFrame:
    """Return each pair once with its lesser id left; no row is paired with itself."""
    low, high = pl.min_horizontal("left", "right"), pl.max_horizontal("left", "right")
    return (
        frame.with_columns(left=low, right=high)
        .filter(pl.col("left") != pl.col("right"))
        .unique(["left", "right"], keep="first", maintain_order=True)
    )


def _same_cluster(clusters: Clusters, asked: pl.DataFrame) -> Pairs:
    """Return those of the pairs asked for whose rows share a cluster."""
    frame = (
        asked.join(clusters.frame, left_on="left", right_on="id")
        .join(clusters.frame, left_on="right", right_on="id", suffix="_r")
        .filter(pl.col("cluster") == pl.col("cluster_r"))
        .select(
            "left",
            "right",
            probability=pl.lit(None, dtype=pl.Float64),
            is_accepted=pl.lit(value=True),
        )
    )
    return Pairs(clusters.name, frame)


def _labels(stated: Stated, ids: pl.Series) -> NDArray[np.int64]:
    """Number the cluster of each id; accepted pairs connect, and an unknown id is alone."""
    if isinstance(stated, Clusters):
        edges = stated.frame.select(
            a="id", b=pl.lit("\1") + pl.col("cluster")
        )  # a cluster's name is a node of its own kind
    else:
        edges = stated.frame.filter("is_accepted").select(a="left", b="right")
    nodes = pl.concat([ids, edges["a"], edges["b"]]).unique(maintain_order=True)
    place = pl.DataFrame({"node": nodes}).with_row_index("at")
    at = [
        edges.select(node=side).join(place, on="node", how="left", maintain_order="left")["at"]
        for side in ("a", "b")
    ]
    graph = sparse.coo_matrix((np.ones(len(edges)), (at[0], at[1])), (len(nodes), len(nodes)))
    return np.asarray(connected_components(graph, directed=False)[1][: len(ids)], dtype=np.int64)
