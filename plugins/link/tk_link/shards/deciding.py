"""Links decided component by component: rivals meet in one shard, and are decided as in one piece.

Rows that might share a partner are connected by pairs that are not hopeless; nothing outside a
component bears on a decision inside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link import explain
from tk_link.asking import Asking
from tk_link.candidates import Pairs
from tk_link.comparing.features import Features
from tk_link.config import LinkConfig
from tk_link.decisions import decide
from tk_link.guard import Guard, Rules, heeded, inspect, unguarded
from tk_link.judging.links import unbound
from tk_link.linkage import ACCEPTED, Cardinality
from tk_link.outcome import STATUSES
from tk_link.pipeline import draw_sets, score_as_asked
from tk_link.scoring.model import Model
from tk_link.scoring.score import Scores, score
from tk_link.shards import alike
from tk_link.shards.components import labels
from tk_link.shards.inputs import Layout
from tk_link.shards.learnt import Learnt
from tk_link.shards.scoring import (
    Scorer,
    features_of,
    probability,
    sampled,
    share_of,
    weights_of,
)
from tk_link.shards.sides import Learning
from tk_link.shards.spelling import TITLE, TOLD, YEAR, Recipe
from tk_link.shards.store import Frames, Stage, Values, Workshop

LEAST = 0.01
"""Chance alone from which a pair ties its rows into one component. A rival below it takes one
percent from a probability, at most."""

LEARN_PAIRS = 1_000_000
"""Pairs that the model is learnt and calibrated on: of some left rows, whose right ones then lack
rivals and partners. Learnt on half of 475,000 pairs of made people F1 is 0.9911, on all 0.9924."""

_SEEDS = 100_003

Sides = tuple[pl.Series, pl.Series]
"""Texts or years of left and of right rows."""


@dataclass(frozen=True)
class Ruling:
    """How pairs are decided.

    Attributes:
        blind: Scores pairs, whatever tells variants apart.
        model: Learnt again without the variants, where these misled; else None.
        rules: What differences say; None where nothing is told apart.
        weights: Multiplier on each feature's evidence.
        how: Cardinality.
        how_reason: Why that one, in words.
        config: Options.
    """

    blind: Model
    model: Model | None
    rules: Rules | None
    weights: NDArray[np.float64]
    how: Cardinality
    how_reason: str
    config: LinkConfig

    def scorers(self) -> list[Scorer]:
        """Return what gives a pair the chance that it has alone: one, or both."""
        models = (self.blind, self.model)
        return [Scorer(each.additive, each.curve) for each in models if each is not None]


def fit(
    shop: Workshop,
    learning: Learning,
    found: tuple[Stage, Stage],
    candidates: int,
    config: LinkConfig,
) -> Ruling:
    """Learn models, cardinality and what differences say, as in one piece, on some left rows.

    Args:
        shop: Looks into shards.
        learning: What samples of the tables say.
        found: The stages that compared pairs, and that sent the right rows of these.
        candidates: Number of pairs of all shards.
        config: Options.
    """
    learnt, (compared, _) = learning.learnt, found
    layout = learnt.layout
    share = share_of(candidates, LEARN_PAIRS)
    frame, weights = sampled(compared, share), weights_of(compared, learnt)
    features = features_of(frame, weights)
    heights = layout.left_height, layout.height - layout.left_height
    (lefts, left), (rights, right) = (_compact(frame[side]) for side in ("left", "right"))
    rows = tuple(
        max(-(-height // share), len(side))
        for height, side in zip(heights, (lefts, rights), strict=True)
    )
    pairs = Pairs(left, right, (rows[0], rows[1]))
    texts: tuple[Sides, Sides] | None = None
    years: list[Sides] = []
    if read_by_guard(learnt.recipe):
        stage, _ = shop.run("texts", partial(_texts, learnt, found, share), layout.lefts)
        told = stage.lazily("texts").collect().unique("row")
        texts, years = _told(learnt.recipe, *(_rows(told, side) for side in (lefts, rights)))
    find = partial(alike.find, shop, learnt, learning.sample, features, config.seed)
    asking = Asking(pairs, config.how, texts, years, find)
    alike_too = None if config.require or config.forbid_conflict else asking  # as in one piece
    how, reason, blind = score_as_asked(features, pairs, config, lookalikes=alike_too)
    verdict = inspect(texts, years, pairs, blind, how)
    scores = heeded(
        verdict,
        blind,
        features,
        pairs,
        how,
        seed=config.seed,
        learn=True,
        lookalikes=asking.answer,
    )
    again = None if scores.model is blind.model else scores.model
    return Ruling(blind.model, again, verdict.rules, weights, how, reason, config)


def _texts(
    learnt: Learnt, found: tuple[Stage, Stage], share: int, shard: int
) -> tuple[Frames, Values]:
    """Return what the guard reads of both rows of the pairs that are learnt from."""
    columns, (compared, answers) = ["row", *read_by_guard(learnt.recipe)], found
    pairs = sampled(compared, share, shard)
    own = learnt.spelled.read(shard, "spelled", columns)
    own = own.join(pairs, left_on="row", right_on="left", how="semi")
    other = answers.lazily("rows").filter(pl.col("to") == shard).select(columns)
    met = other.join(pairs.lazy(), left_on="row", right_on="right", how="semi").unique("row")
    return {"texts": pl.concat([own, met.collect()])}, {}


def _rows(told: pl.DataFrame, numbers: NDArray[np.int64]) -> pl.DataFrame:
    wanted = pl.DataFrame({"row": numbers})
    return wanted.join(told, on="row", how="left", maintain_order="left")


_ALONE = "probability"


def weigh(compared: Stage, ruling: Ruling, shard: int) -> tuple[Frames, Values]:
    """Add to a shard's compared pairs the chance that each has alone."""
    frame = compared.read(shard, "compared")
    features = features_of(frame, ruling.weights)
    chances = [probability(scorer, features) for scorer in ruling.scorers()]
    return {"scored": frame.insert_column(2, pl.Series(_ALONE, np.max(chances, axis=0)))}, {}


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
    rows = learnt.spelled.read(shard, "spelled", ["row", "name", *read_by_guard(learnt.recipe)])
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
    inside, features, scores, verdict = _scored(learnt, ruling, sent, shard)
    pairs = inside.pairs
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
        possible = np.where(verdict.is_barred, 0.0, scores.probability)
        own = config.seed * _SEEDS + shard  # components of different shards have nothing in common
        sets = draw_sets(pairs, possible, bound, how, draws=config.draws, seed=own)
        frames["draws"] = inside.named(sets)
    return frames, _figures(links, accepted)


def chances(learnt: Learnt, ruling: Ruling, sent: Stage, shard: int) -> tuple[Frames, Values]:
    """Return the probability of every pair of a shard that would be accepted without a cut."""
    inside, features, scores, verdict = _scored(learnt, ruling, sent, shard)
    uncut = replace(ruling.config, precision=None, review_band=None, min_prob=0.0, ties="drop")
    found = decide(inside.pairs, features, scores, ruling.how, uncut, guard=verdict).pairs
    kept = found.filter(pl.col("match_status") == "match")
    return {"chances": kept.select("match_probability")}, {}


def _scored(
    learnt: Learnt, ruling: Ruling, sent: Stage, shard: int
) -> tuple[_Inside, Features, Scores, Guard]:
    inside, how, seed = _inside(learnt.layout, sent, shard), ruling.how, ruling.config.seed
    pairs, features = inside.pairs, features_of(inside.frame, ruling.weights)
    blind = score(features, pairs, how, seed=seed, model=ruling.blind)
    verdict = _guarded(learnt.recipe, inside, blind, ruling)
    model = ruling.model
    scores = heeded(verdict, blind, features, pairs, how, seed=seed, learn=False, model=model)
    return inside, features, scores, verdict


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


def read_by_guard(recipe: Recipe) -> list[str]:
    """Return the columns that the variant guard reads."""
    if recipe.told is None:
        return []
    return [TITLE, TOLD, *(f"{YEAR}{n}" for n in range(len(recipe.told.dated)))]


def _told(
    recipe: Recipe, lefts: pl.DataFrame, rights: pl.DataFrame
) -> tuple[tuple[Sides, Sides], list[Sides]]:
    """Return the texts and the years of rows, as the variant guard takes them."""
    title, told, *years = [(lefts[c], rights[c]) for c in read_by_guard(recipe)]
    return (title, told), years


def _guarded(recipe: Recipe, inside: _Inside, blind: Scores, ruling: Ruling) -> Guard:
    """Tell variants apart by what was learnt of each kind of difference."""
    if ruling.rules is None:
        return unguarded(len(inside.pairs))
    texts, years = _told(recipe, inside.lefts, inside.rights)
    return inspect(texts, years, inside.pairs, blind, ruling.how, rules=ruling.rules)


def _compact(rows: pl.Series) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the rows that occur, ascending, and the place of each among them."""
    found, place = np.unique(rows.to_numpy(), return_inverse=True)
    return found, place.astype(np.int32)
