"""What each cut would come to, and how scores are spread, from probabilities alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tk.charts import Axis, Bars, Chart, Line, Rule, around
from tk_link.page.content import Cut

_GRID = np.linspace(0.0, 1.0, 101)
_SHOWN = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_TINY = 1e-12
_MOST_BITS = 30.0
"""Scores beyond this are shown at the end: odds of a thousand million to one need no scale."""
_MOST_BINS = 40


@dataclass(frozen=True)
class Choice:
    """The pairs that a cut chooses from.

    The sum of calibrated probabilities is the expected number of true pairs, so that precision is
    their mean from the cut on, and recall their sum from the cut on over the sum of all.

    Attributes:
        probability: Of each pair, 0..1.
        cut: Cut of the run.
        missed: Expected number of true pairs that no cut can accept.
    """

    probability: NDArray[np.float64]
    cut: float
    missed: float = 0.0

    def curve(
        self, at: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the pairs from each cut on, their estimated precision and recall."""
        chances = np.sort(self.probability)[::-1]
        running = np.concatenate([[0.0], np.cumsum(chances)])
        kept = np.searchsorted(-chances, -at, side="right")
        true, all_true = running[kept], max(running[-1] + self.missed, _TINY)
        return kept, true / np.maximum(kept, 1), true / all_true


def cuts(choice: Choice) -> tuple[Cut, ...]:
    """Return what some cuts, and the chosen one, would come to, as far as they keep a pair."""
    at = np.unique([*_SHOWN, choice.cut])
    return tuple(
        Cut(float(a), int(n), float(p), float(r), is_chosen=bool(a == choice.cut))
        for a, n, p, r in zip(at, *choice.curve(at), strict=True)
        if n
    )


def cut_chart(choice: Choice) -> Chart:
    """Draw estimated precision and recall over the cut."""
    kept, precision, recall = choice.curve(_GRID)
    some = kept > 0
    x = _GRID[some].tolist()
    marks = (
        Line(x, precision[some].tolist(), "precision", 1),
        Line(x, recall[some].tolist(), "recall", 2, is_dashed=True),
        Rule(choice.cut, name=f"this run, {choice.cut:.4g}"),
    )
    return Chart(
        "Estimated precision and recall by cut",
        Axis("probability from which a pair is accepted"),
        Axis("", unit="percent"),
        marks,
        "Precision rises and recall falls as the cut is raised; the dashed rule is this run's cut.",
    )


def score_chart(
    bits: NDArray[np.float64], is_accepted: NDArray[np.bool_], *, what: str, names: tuple[str, str]
) -> Chart:
    """Draw how many scores are how high, of accepted and of other ones.

    Args:
        bits: Scores, log2 odds.
        is_accepted: Whether what has the score was accepted.
        what: What has these scores, for the words around the chart.
        names: What accepted ones and others are called.
    """
    edges = _edges(bits)
    within = np.clip(bits, edges[0], edges[-1])
    yes, no = (np.histogram(within[m], edges)[0].tolist() for m in (is_accepted, ~is_accepted))
    x = Axis("score in bits; +1 doubles the odds", float(edges[0]), float(edges[-1]))
    marks = (Bars(edges.tolist(), no, names[1], 2), Bars(edges.tolist(), yes, names[0], 1))
    return Chart(
        f"Scores of {what}",
        x,
        around("number", [0, 1, *yes, *no]),
        marks,
        f"Two hills with a gap between them mean that what was {names[0]} and what was {names[1]} "
        "stand apart; where they overlap, look at the close calls.",
    )


def _edges(bits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return edges of whole bits around all scores, `_MOST_BINS` bins at most."""
    if not len(bits):
        return np.array([-1.0, 0.0, 1.0])
    low, high = np.clip([bits.min(), bits.max()], -_MOST_BITS, _MOST_BITS)
    width = max(np.ceil((high - low) / _MOST_BINS), 1.0)
    start = np.floor(low / width) * width
    return np.asarray(start + width * np.arange(np.floor((high - start) / width) + 2))
