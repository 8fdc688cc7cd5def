"""The variant guard: "same product, other model" is an outcome of its own, never a match.

Two rows whose texts agree but whose model number, size, number in a series or year differ
(`tk_link.comparing.variants`) are two things. What a difference says is read off the data, kind by
kind: how often sure matches differ in it, over how often look-alikes do that were not taken, is the
likelihood ratio by which a pair's odds fall. Where sure matches hardly ever differ in a kind that
numbers or measures, a pair that differs in it is barred, whatever its odds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.candidates import Pairs
from tk_link.comparing import variants
from tk_link.comparing.features import Features
from tk_link.linkage import Cardinality
from tk_link.ngrams import vectorise
from tk_link.scoring.matching import assign
from tk_link.scoring.model import Model
from tk_link.scoring.score import Ask, Scores, score_again

_MATCH_RATE, _MATCH_PAIRS = 0.01, 20.0
_OTHER_RATE, _OTHER_PAIRS = 0.5, 10.0
"""How often matches and look-alikes are expected to differ before any is seen, and the number of
pairs that the expectation weighs: tables too small to learn from are guarded too."""
_RELIABLE = 0.02
"""Share of sure matches that differ in a kind up to which the kind is beyond doubt."""
_MEANINGFUL = 0.5
"""The same for what both titles say in numbers: it means something unless most matches differ."""
_SURE = 0.9
"""Pairs that differ beyond doubt count as matches only where they stay as sure as this."""
_TELLING = -3.0
"""Bits: a kind in which look-alikes differ less than eight times as often as matches is ignored."""
_ROUNDS = 3
_ALIKE, _MOST, _LIKELY = 0.25, 0.8, 0.02
"""Texts agree from this quantile of the accepted pairs' similarity on, from 0.8 at the latest.
Pairs with less, and with less than this chance, are not looked at."""


@dataclass(frozen=True)
class Rules:
    """What differences say, read off pairs.

    Attributes:
        least: Similarity of titles from which they agree.
        bits: What a difference adds to a score, by its kind, 0 or less.
        firm: Kinds beyond doubt.
    """

    least: float
    bits: dict[str, float]
    firm: frozenset[str]

    def of(self, found: pl.DataFrame, pairs: int) -> NDArray[np.float64]:
        """Return what its differences add to each pair; kinds are no two witnesses."""
        differs = found.filter("differs")
        kinds = differs["kind"].to_list()
        unseen = {kind: _prior(np.array([kind]))[0] for kind in {*kinds} - self.bits.keys()}
        evidence = self.bits | unseen
        out = np.zeros(pairs)
        worth = np.array([evidence[kind] for kind in kinds], dtype=np.float64)
        np.minimum.at(out, differs["pair"].to_numpy(), worth)
        return out


@dataclass(frozen=True)
class Guard:
    """What the guard found, one value a candidate pair.

    Attributes:
        bits: What the difference adds to the score, 0 or less.
        is_barred: Whether the pair must not be accepted.
        is_variant: Whether the texts agree and something tells the two things apart.
        note: What differs, as ``model number: x12 | x13``; null where nothing does.
        rules: By what that was found; None where nothing is told apart.
    """

    bits: NDArray[np.float64]
    is_barred: NDArray[np.bool_]
    is_variant: NDArray[np.bool_]
    note: pl.Series
    rules: Rules | None = None


def unguarded(pairs: int) -> Guard:
    """Return the guard of pairs that nothing tells apart."""
    none = np.zeros(pairs, dtype=bool)
    return Guard(np.zeros(pairs), none, none, pl.Series([None] * pairs, dtype=pl.String))


def inspect(
    texts: tuple[variants.Texts, variants.Texts] | None,
    years: Sequence[tuple[pl.Series, pl.Series]],
    pairs: Pairs,
    scores: Scores,
    how: Cardinality,
    *,
    rules: Rules | None = None,
) -> Guard:
    """Find the candidate pairs that agree on all but what tells two models apart.

    Args:
        texts: `tk_link.comparing.described.texts`; without it nothing is a variant.
        years: `tk_link.comparing.described.years`.
        pairs: The candidate pairs.
        scores: Their scores, blind to variants.
        how: Cardinality.
        rules: What was learnt before; None learns from these pairs.
    """
    if texts is None or not len(pairs):
        return unguarded(len(pairs))
    kept = assign(pairs, scores.order(), how)
    sure = kept[scores.probability[kept] >= 0.5]
    bare = vectorise(*(variants.without_figures(title) for title in texts[0]))
    similar = bare.cosine(pairs.left, pairs.right)
    least = _least(similar[sure]) if rules is None else rules.least
    agree = (similar >= least) | (scores.alone >= 0.5)
    near = np.flatnonzero(agree | (scores.alone >= _LIKELY))
    among = Pairs(pairs.left[near], pairs.right[near], pairs.rows)
    found = variants.differences(*texts, years, among)
    if rules is None:
        rules = _learn(found, scores.probability[near], np.isin(near, sure), least)
    told = (
        found.filter("differs")
        .group_by("pair", maintain_order=True)
        .agg(
            barred=pl.col("kind").is_in(sorted(rules.firm)).any(),
            note=pl.format("{}: {} | {}", "kind", "left", "right").first(),
        )
    )
    at = near[told["pair"].to_numpy()]
    all_bits, barred = np.zeros(len(pairs)), np.zeros(len(pairs), dtype=bool)
    all_bits[near] = rules.of(found, len(near))
    barred[at] = told["barred"].to_numpy()
    notes = np.full(len(pairs), None, dtype=object)
    notes[at] = told["note"].to_list()
    notes[~barred & (all_bits == 0.0)] = None
    note = pl.Series(notes.tolist(), dtype=pl.String)
    return Guard(all_bits, barred, agree & (barred | (all_bits < 0.0)), note, rules)


def heeded(
    guard: Guard,
    scores: Scores,
    features: Features,
    pairs: Pairs,
    how: Cardinality,
    *,
    seed: int,
    learn: bool,
    lookalikes: Ask | None = None,
    model: Model | None = None,
) -> Scores:
    """Return scores that know of the guard.

    Barred pairs that passed for possible matches have misled what was learnt from them, so it is
    learnt again without them where ``learn`` says that anything is; and they are nobody's rivals.
    With ``model`` this was learnt elsewhere, of which these pairs are a part.
    """
    misled = guard.is_barred & (scores.alone >= _LIKELY)
    if model is not None or (learn and misled.any()):
        scores = score_again(
            scores, misled, features, pairs, how, seed=seed, lookalikes=lookalikes, model=model
        )
    return scores.weighed(guard.bits, pairs, how, among=~guard.is_barred)


def _least(sure: NDArray[np.float32]) -> float:
    """Return the similarity from which titles are as alike as those of matches, but for figures."""
    return min(float(np.quantile(sure, _ALIKE)), _MOST) if len(sure) else _MOST


def _prior(kinds: NDArray[np.str_]) -> NDArray[np.float64]:
    """Return what kinds of differences say before any is seen, in bits."""
    return np.where(_is_doubtful(kinds), 0.0, np.log2(_MATCH_RATE / _OTHER_RATE))


def _is_doubtful(kinds: NDArray[np.str_]) -> NDArray[np.bool_]:
    in_detail = np.char.endswith(kinds, variants.IN_DETAIL)
    return np.asarray(in_detail | np.isin(kinds, variants.DOUBTFUL))


def _learn(
    found: pl.DataFrame,
    probability: NDArray[np.float64],
    is_sure: NDArray[np.bool_],
    least: float,
) -> Rules:
    """Read off pairs what each kind of difference says.

    Sure matches that differ count only where they stay sure, which a few rounds settle.
    """
    names, kind = np.unique(found["kind"].to_numpy().astype(str), return_inverse=True)
    pair, differs = found["pair"].to_numpy(), found["differs"].to_numpy().astype(bool)
    is_doubtful = _is_doubtful(names)
    is_named = ~np.char.endswith(names, variants.IN_DETAIL) & ~np.isin(names, variants.CODED)
    evidence = used = _prior(names)
    bits, firm = np.zeros(len(probability)), np.zeros(len(names), dtype=bool)
    for _ in range(_ROUNDS):
        used, bits = evidence, np.zeros(len(probability))
        np.minimum.at(bits, pair[differs], evidence[kind[differs]])  # kinds are no two witnesses
        even = probability * 2.0**bits
        chance = even / (even + 1.0 - probability)
        chance[~is_sure] = 0.0
        tells = differs & ~is_doubtful[kind]
        chance[pair[tells]] *= chance[pair[tells]] >= _SURE
        matches = _rates(kind, differs, chance[pair], _MATCH_RATE, _MATCH_PAIRS)
        others = _rates(kind, differs, 1.0 - chance[pair], _OTHER_RATE, _OTHER_PAIRS)
        evidence = np.log2(matches / others)
        evidence[evidence > _TELLING] = 0.0
        firm = (matches <= _RELIABLE) & (evidence < 0.0) & ~is_doubtful
        firm |= is_named & (matches <= _MEANINGFUL)
    return Rules(least, dict(zip(names.tolist(), used, strict=True)), frozenset(names[firm]))


def _rates(
    kind: NDArray[np.int64],
    differs: NDArray[np.bool_],
    weight: NDArray[np.float64],
    expected: float,
    strength: float,
) -> NDArray[np.float64]:
    """Return how often pairs differ, by kind, shrunk towards what is expected."""
    count = int(kind.max(initial=-1)) + 1
    seen = np.bincount(kind, weight, count) + strength
    return np.asarray((np.bincount(kind, weight * differs, count) + expected * strength) / seen)
