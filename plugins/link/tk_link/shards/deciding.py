"""Links decided component by component: rivals meet in one shard, and are decided as in one piece.

Rows that might share a partner are connected by pairs that are not hopeless; nothing outside a
component bears on a decision inside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link import explain
from tk_link.candidates import Pairs
from tk_link.config import LinkConfig
from tk_link.decisions import decide
from tk_link.guard import Guard, inspect, unguarded
from tk_link.judging.links import unbound
from tk_link.linkage import ACCEPTED, Cardinality
from tk_link.outcome import STATUSES
from tk_link.pipeline import draw_sets, score_as_asked
from tk_link.scoring.model import Model
from tk_link.scoring.score import Scores, score
from tk_link.shards.components import labels
from tk_link.shards.inputs import Layout
from tk_link.shards.learnt import Learnt
from tk_link.shards.scoring import Scorer, features_of, probability, sampled, share_of
from tk_link.shards.spelling import TITLE, TOLD, YEAR, Recipe
from tk_link.shards.store import Frames, Stage, Values

LEAST = 0.01
"""Chance alone from which a pair ties its rows into one component. A rival below it takes one
percent from a probability, at most."""

LEARN_PAIRS = 1_000_000
"""Pairs that the model is learnt and calibrated on: of some left rows, whose right ones then lack
rivals and partners. Learnt on half of 475,000 pairs of made people F1 is 0.9911, on all 0.9924."""

_SEEDS = 100_003


@dataclass(frozen=True)
class Ruling:
    """How pairs are decided.

    Attributes:
        model: Scores pairs.
        weights: Multiplier on each feature's evidence.
        how: Cardinality.
        how_reason: Why that one, in words.
        config: Options.
    """

    model: Model
    weights: NDArray[np.float64]
    how: Cardinality
    how_reason: str
    config: LinkConfig


def fit(
    compared: Stage, weights: NDArray[np.float64], learnt: Learnt, pairs: int, config: LinkConfig
) -> Ruling:
    """Learn the model and the cardinality, as in one piece, on the pairs of some left rows.

    Args:
        compared: The stage that compared pairs.
        weights: Multiplier on each feature's evidence.
        learnt: What is known of the tables.
        pairs: Number of pairs of all shards.
        config: Options.
    """
    share = share_of(pairs, LEARN_PAIRS)
    frame = sampled(compared, share)
    layout = learnt.layout
    heights = layout.left_height, layout.height - layout.left_height
    left, right = (_compact(frame[side]) for side in ("left", "right"))
    rows = tuple(
        max(-(-height // share), int(side.max(initial=0)) + 1)
        for height, side in zip(heights, (left, right), strict=True)
    )
    local = Pairs(left, right, (rows[0], rows[1]))
    how, reason, scores = score_as_asked(features_of(frame, weights), local, config)
    return Ruling(scores.model, weights, how, reason, config)


_ALONE = "probability"


def weigh(compared: Stage, ruling: Ruling, shard: int) -> tuple[Frames, Values]:
    """Add to a shard's compared pairs the chance that each has alone."""
    frame = compared.read(shard, "compared")
    scorer = Scorer(ruling.model.additive, ruling.model.curve)
    chance = probability(scorer, features_of(frame, ruling.weights))
    return {"scored": frame.insert_column(2, pl.Series(_ALONE, chance))}, {}


def edges(scored: Stage, shard: int) -> pl.DataFrame:
    """Return the pairs of a shard that tie rows together; only left shards have pairs."""
    frame = scored.read(min(shard, scored.count - 1), "scored", ["left", "right", _ALONE])
    if shard >= scored.count:
        frame = frame.clear()
    return frame.filter(pl.col(_ALONE) >= LEAST).select("left", "right")


def send(learnt: Learnt, stars: Stage, scored: Stage, shard: int) -> tuple[Frames, Values]:
    """Send a shard's connected rows and their pairs to the shard of their component's first row."""
    found = labels(stars, shard)
    found = found.with_columns(learnt.layout.shard_of(found["component"]))
    rows = learnt.spelled.read(shard, "spelled", ["row", "name", *_read_by_guard(learnt.recipe)])
    members = found.join(rows, on="row", how="left")
    pairs = scored.read(min(shard, scored.count - 1), "scored")
    pairs = pairs.clear() if shard >= scored.count else pairs
    return {"members": members, "inside": pairs.join(found, left_on="left", right_on="row")}, {}


def rule(learnt: Learnt, ruling: Ruling, sent: Stage, shard: int) -> tuple[Frames, Values]:
    """Decide the components of a left shard.

    Returns:
        ``links``, decided pairs by global row numbers, for the shards of their left rows; ``asks``,
        the right rows that these are linked to, for the shards that have them; and ``draws``,
        where link sets are drawn.
    """
    layout, config, how = learnt.layout, ruling.config, ruling.how
    inside = _inside(layout, sent, shard)
    pairs, features = inside.pairs, features_of(inside.frame, ruling.weights)
    scores = score(features, pairs, how, seed=config.seed, model=ruling.model)
    verdict = _guarded(learnt.recipe, inside, scores, how)
    scores = scores.weighed(verdict.bits, pairs, how, among=~verdict.is_barred)
    decision = decide(pairs, features, scores, how, config, guard=verdict)
    shown, bound = decision.positions, unbound(len(pairs))
    why = explain.explain(features, scores, verdict, shown, config.explain, bound=bound)
    links = inside.named(decision.pairs.hstack(why))
    accepted = links.filter(pl.col("match_status").is_in(ACCEPTED))
    frames = {
        "links": links.with_columns(layout.shard_of(links["left_row"])),
        "asks": pl.DataFrame(
            {
                "to": layout.shard_of(accepted["right_row"]),
                "row": accepted["right_row"],
                "from": layout.shard_of(accepted["left_row"]),
            }
        ),
    }
    if config.draws is not None:
        chances = np.where(verdict.is_barred, 0.0, scores.probability)
        seed = config.seed * _SEEDS + shard  # components of different shards have nothing in common
        sets = draw_sets(pairs, chances, bound, how, draws=config.draws, seed=seed)
        frames["draws"] = inside.named(sets)
    return frames, _figures(links, accepted)


@dataclass(frozen=True)
class _Inside:
    """The components of a shard.

    Attributes:
        lefts: Their left rows.
        rights: Their right rows.
        pairs: Their pairs, by place among those.
        frame: What the pairs were compared on.
    """

    lefts: pl.DataFrame
    rights: pl.DataFrame
    pairs: Pairs
    frame: pl.DataFrame

    def named(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Return pairs by the numbers and names that their rows have among all."""
        left, right = pairs["left_row"], pairs["right_row"]
        return pairs.with_columns(
            left_row=self.lefts["row"].gather(left),
            right_row=self.rights["row"].gather(right),
            left_id=self.lefts["name"].gather(left),
            right_id=self.rights["name"].gather(right),
        )


def _inside(layout: Layout, sent: Stage, shard: int) -> _Inside:
    """Read the components that were sent to a shard; pairs between two of them are left out."""
    members = sent.gather(shard, "members").sort("row")
    found = sent.gather(shard, "inside").join(
        members.select("row", other="component"), left_on="right", right_on="row"
    )
    found = found.filter(pl.col("component") == pl.col("other")).sort("left", "right")
    frame = found.drop("component", "other", _ALONE)
    is_left = members["row"] < layout.left_height
    lefts, rights = members.filter(is_left), members.filter(~is_left)
    left, right = (
        np.searchsorted(side["row"].to_numpy(), frame[which].to_numpy()).astype(np.int32)
        for side, which in ((lefts, "left"), (rights, "right"))
    )
    return _Inside(lefts, rights, Pairs(left, right, (len(lefts), len(rights))), frame)


def _figures(links: pl.DataFrame, accepted: pl.DataFrame) -> Values:
    """Return counts by status, and sums of what the accepted pairs' probabilities say."""
    stated = accepted["match_probability"]
    values = {f"is {status}": float((links["match_status"] == status).sum()) for status in STATUSES}
    return values | {
        "linked": float(accepted["left_row"].n_unique()),
        "shown": float(links["left_row"].n_unique()),
        "chances": float(stated.sum()),
        "spread": float((stated * (1 - stated)).sum()),
    }


def _read_by_guard(recipe: Recipe) -> list[str]:
    """Return the columns that the variant guard reads."""
    if recipe.told is None:
        return []
    return [TITLE, TOLD, *(f"{YEAR}{n}" for n in range(len(recipe.told.dated)))]


def _guarded(recipe: Recipe, inside: _Inside, scores: Scores, how: Cardinality) -> Guard:
    """Tell variants apart by what a shard's own pairs say of each kind of difference."""
    columns, pairs = _read_by_guard(recipe), inside.pairs
    if not columns or not len(pairs):
        return unguarded(len(pairs))
    title, told, *years = [(inside.lefts[c], inside.rights[c]) for c in columns]
    return inspect((title, told), years, pairs, scores, how)


def _compact(rows: pl.Series) -> NDArray[np.int32]:
    """Number the rows that occur, in their order."""
    return np.unique(rows.to_numpy(), return_inverse=True)[1].astype(np.int32)
