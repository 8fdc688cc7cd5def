"""Components brought together, each in the shard of its smallest row, and split into clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.candidates import Pairs
from tk_link.dedupe.clustering import pairs_frame, rows_frame
from tk_link.dedupe.clusters import group
from tk_link.dedupe.config import Method
from tk_link.dedupe.draws import draw_groups
from tk_link.shards.components import labels
from tk_link.shards.learnt import Learnt
from tk_link.shards.pairs import asks
from tk_link.shards.scoring import Scorer, probability
from tk_link.shards.store import Frames, Stage, Values

_LEAST_DRAWN = 0.01
"""Where clusterings are drawn, pairs as unlikely as this may join rows."""
_SEEDS = 100_003


def edges(scored: Stage, cut: float, shard: int) -> pl.DataFrame:
    """Return the pairs of a shard that connect rows."""
    frame = scored.read(shard, "scored").filter(pl.col("probability") >= cut)
    return frame.select("left", "right")


def send(learnt: Learnt, stars: Stage, scored: Stage, shard: int) -> tuple[Frames, Values]:
    """Send a shard's connected rows, and all that their pairs scored, to their components."""
    found = labels(stars, shard)
    found = found.with_columns(learnt.layout.shard_of(found["component"]))
    rows = learnt.spelled.read(shard, "spelled", ["row", "name", "filled", "apart"])
    members = found.join(rows, on="row", how="left")
    pairs = scored.read(shard, "scored").join(found, left_on="left", right_on="row")
    return {"members": members, "inside": pairs}, {}


def gather(learnt: Learnt, sent: Stage, shard: int) -> tuple[Frames, Values]:
    """Keep the pairs inside components, and ask for the rows that have further pairs to score."""
    members = sent.gather(shard, "members").sort("row")
    pairs = sent.gather(shard, "inside")
    mine = members.select("row", right_component="component")
    inside = (
        pairs.join(mine, left_on="right", right_on="row")
        .filter(pl.col("component") == pl.col("right_component"))
        .drop("right_component")
        .sort("left", "right")
    )
    size = members.group_by("component").len("rows").with_columns(pl.col("rows").cast(pl.Int64))
    scored = inside.group_by("component").len("scored")
    open_ = size.join(scored, on="component", how="left").filter(
        pl.col("scored").fill_null(0) < pl.col("rows") * (pl.col("rows") - 1) // 2
    )
    wanted = members.join(open_, on="component", how="semi")["row"]
    return {"members": members, "inside": inside, "asks": asks(learnt, wanted, shard)}, {}


@dataclass(frozen=True)
class Rule:
    """How components become clusters.

    Attributes:
        method: As in `tk_link.dedupe.clusters.group`.
        cut: Probability from which rows belong together.
        model: Scores pairs that were no candidates.
        weights: Multiplier on each feature's evidence.
        draws: Number of plausible clusterings to draw; None decides on one.
        seed: Seed of the draws.
    """

    method: Method
    cut: float
    model: Scorer
    weights: NDArray[np.float64]
    draws: int | None = None
    seed: int = 0

    @property
    def least(self) -> float:
        """Probability from which a pair ties its rows into one component."""
        return self.cut if self.draws is None else min(self.cut, _LEAST_DRAWN)


def split(
    learnt: Learnt, rule: Rule, gathered: Stage, answers: Stage, shard: int
) -> tuple[Frames, Values]:
    """Cluster a shard's components, and send each row's cluster to the shard of the row."""
    members = gathered.read(shard, "members")
    inside = gathered.read(shard, "inside")
    numbers = members["row"].to_numpy()
    rows = answers.gather(shard, "rows").unique("row")

    def score(missing: Pairs) -> NDArray[np.float64]:
        if not len(missing):
            return np.zeros(0)
        pairs = pl.DataFrame({"left": numbers[missing.left], "right": numbers[missing.right]})
        return probability(rule.model, learnt.compare(rows, pairs)[0])

    if not len(members):
        none = pl.DataFrame(schema=_DRAWN)
        frames, values = _sent(
            learnt, members, pl.DataFrame(schema=_ROWS), pl.DataFrame(schema=_PAIRS)
        )
        return {**frames, "drawn": _drawn(learnt, members, none)}, values
    left, right = (
        np.searchsorted(numbers, inside[side].to_numpy()).astype(np.int32)
        for side in ("left", "right")
    )
    local = Pairs(left, right, (len(members), len(members)), is_within=True)
    apart = members["apart"].to_numpy() if learnt.recipe.apart else None
    chances = inside["probability"].to_numpy()
    cluster, known = group(local, chances, score, method=rule.method, cut=rule.cut, apart=apart)
    found = rows_frame(cluster, known, members["filled"].to_numpy())
    pairs = pairs_frame(cluster, known).filter("is_joined").drop("is_joined")
    frames, values = _sent(learnt, members, found, pairs)
    drawn = pl.DataFrame(schema=_DRAWN)
    if rule.draws is not None:
        how, seed = (rule.method, rule.cut), rule.seed * _SEEDS + shard
        drawn = draw_groups((local, chances), score, how, apart, draws=rule.draws, seed=seed)
    return {**frames, "drawn": _drawn(learnt, members, drawn)}, values


_ROWS = {"cluster": pl.Int64, "cluster_size": pl.Int64, "cluster_confidence": pl.Float64,
         "is_canonical": pl.Boolean}  # fmt: skip
_DRAWN = {"draw": pl.Int64, "row": pl.Int64, "cluster": pl.Int64}
_PAIRS = {"left_row": pl.Int64, "right_row": pl.Int64, "match_probability": pl.Float64}


def _drawn(learnt: Learnt, members: pl.DataFrame, drawn: pl.DataFrame) -> pl.DataFrame:
    """Send the cluster of each row in each draw to the shard of the row."""
    rows = members["row"].gather(drawn["row"])
    named = drawn.select("draw", row=rows, cluster_id=members["name"].gather(drawn["cluster"]))
    return named.with_columns(learnt.layout.shard_of(rows))


def _sent(
    learnt: Learnt, members: pl.DataFrame, found: pl.DataFrame, pairs: pl.DataFrame
) -> tuple[Frames, Values]:
    first = found["cluster"]
    clusters = found.with_columns(
        members["row"].alias("row"),
        members["name"].gather(first).alias("cluster_id"),
        members["row"].gather(first).alias("cluster"),
    )
    clusters = clusters.with_columns(learnt.layout.shard_of(clusters["row"]))
    named = pairs.select(
        left_row=members["row"].gather(pairs["left_row"]),
        right_row=members["row"].gather(pairs["right_row"]),
        left_id=members["name"].gather(pairs["left_row"]),
        right_id=members["name"].gather(pairs["right_row"]),
        match_probability="match_probability",
    )
    heads = found.filter(pl.col("is_canonical") & (pl.col("cluster_size") > 1))
    values = {
        "clusters": float(len(heads)),
        "rows": float(heads["cluster_size"].sum()),
        "largest": float(heads["cluster_size"].max() or 1),  # type: ignore[arg-type]
        "joined": float(len(pairs)),
        "probability": float(pairs["match_probability"].sum()),
    }
    return {"clusters": clusters, "joined": named}, values
