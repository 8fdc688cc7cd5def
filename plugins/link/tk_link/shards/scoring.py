"""Pairs compared where their left row is, and scored by a model learnt once on a sample of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.candidates import Pairs
from tk_link.comparing.features import Features
from tk_link.dedupe.within import calibrated, learn
from tk_link.scoring import levels
from tk_link.scoring.additive import Additive
from tk_link.scoring.curve import Curve
from tk_link.shards.learnt import Learnt, Obeyed
from tk_link.shards.store import Frames, Stage, Values


@dataclass(frozen=True)
class Scorer:
    """A model, and the probability that its sums stand for."""

    additive: Additive
    curve: Curve


LEARN_PAIRS = 300_000
"""Pairs that the model is learnt on: all, or a sample by left row."""


def compare(
    learnt: Learnt, asked: Stage, answers: Stage, obeyed: Obeyed, shard: int
) -> tuple[Frames, Values]:
    """Compare a shard's pairs that obey hard rules: ``left``, ``right`` and each feature."""
    pairs = asked.read(shard, "pairs")
    own = learnt.spelled.read(shard, "spelled")
    own = own.join(pairs.select(row="left").unique(), on="row", how="semi")
    rows = pl.concat([own, answers.gather(shard, "rows").select(own.columns)]).unique("row")
    if any(obeyed):
        pairs = pairs.filter(pl.Series(learnt.allowed(rows, pairs, obeyed)))
    features, _ = learnt.compare(rows, pairs)
    values = pl.DataFrame(features.values, schema=[_column(name) for name in features.names])
    return {"compared": pairs.hstack(values)}, {}


def fit(compared: Stage, weights: NDArray[np.float64], pairs: int, height: int) -> Scorer:
    """Learn the model, as `tk_link.dedupe` does, on at most about `LEARN_PAIRS`.

    Args:
        compared: The stage that compared them.
        weights: Multiplier on each feature's evidence.
        pairs: Number of pairs of all shards.
        height: Number of rows.
    """
    share = share_of(pairs, LEARN_PAIRS)
    sample = sampled(compared, share)
    rows = pl.concat([sample["left"], sample["right"]]).unique().sort().to_numpy()
    left, right = (
        np.searchsorted(rows, sample[side].to_numpy()).astype(np.int32)
        for side in ("left", "right")
    )
    height = max(len(rows), -(-height // share), 1)
    local = Pairs(left, right, (height, height), is_within=True)
    features = features_of(sample, weights)
    model, curve, is_settled = learn(features, local)
    if not is_settled:
        curve = calibrated(local, levels.cut(features), model)
    return Scorer(model, curve)


def share_of(pairs: int, most: int) -> int:
    """Return of how many left rows one is learnt from, to learn from about `most` pairs."""
    return max(-(-pairs // most), 1)


def sampled(compared: Stage, share: int, shard: int | None = None) -> pl.DataFrame:
    """Return the compared pairs of one left row in ``share``, drawn by hash; of a shard, or all."""
    frame = compared.lazily("compared", shard)
    if share > 1:
        frame = frame.filter(pl.col("left").hash(seed=7) % share == 0)
    return frame.sort("left", "right").collect()


def score(
    compared: Stage, model: Scorer, weights: NDArray[np.float64], learnt: Learnt, shard: int
) -> tuple[Frames, Values]:
    """Score a shard's pairs, and tell both rows' shards the best that each row has."""
    frame = compared.read(shard, "compared")
    chance = probability(model, features_of(frame, weights))
    scored = frame.select("left", "right").with_columns(pl.Series("probability", chance))
    ends = [scored.select(pl.col(side).alias("row"), "probability") for side in ("left", "right")]
    best = pl.concat(ends).group_by("row").agg(pl.max("probability")).sort("row")
    best = best.with_columns(learnt.layout.shard_of(best["row"]))
    return {"scored": scored, "best": best}, {}


def features_of(frame: pl.DataFrame, weights: NDArray[np.float64]) -> Features:
    """Return what `compare` wrote as features."""
    names = [name for name in frame.columns if name not in ("left", "right")]
    values = frame.select(names).to_numpy().astype(np.float32).reshape(len(frame), len(names))
    return Features(tuple(name[2:] for name in names), values, weights)


def probability(model: Scorer, features: Features) -> NDArray[np.float64]:
    """Return the probability of each pair, 0..1."""
    return np.asarray(model.curve(model.additive.log_odds(levels.cut(features))))


def _column(name: str) -> str:
    return f"f:{name}"


def weights_of(compared: Stage, learnt: Learnt) -> NDArray[np.float64]:
    """Return the multiplier on each feature's evidence."""
    by_field = {field.label: field.weight for field in learnt.recipe.fields}
    names = [name for name in compared.lazily("compared").collect_schema() if name[:2] == "f:"]
    return np.array([by_field.get(name[2:].removeprefix("column "), 1.0) for name in names])
