"""Links that obey judgements: a pair judged the same is linked, one judged different never is.

A judgement stands above everything that a run decides by itself: whether the pair is a candidate,
the cut, ties, hard rules, the variant guard and how many partners a row may have. All other pairs
obey the cardinality with the judged ones in place: a row whose partner is judged is open to no
further one where the cardinality allows one. Judgements overrule and do not teach: those who judge
look at doubtful pairs, and what is learnt from such a choice would be wrong about all others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.candidates import Pairs
from tk_link.guard import Guard
from tk_link.judging.judged import Judged, Rows
from tk_link.linkage import Cardinality
from tk_link.scoring.matching import marginals
from tk_link.scoring.score import Scores

_MOST_LOG_ODDS = 30.0
_CERTAIN = 1e12


@dataclass(frozen=True)
class Bound:
    """What judgements make of candidate pairs, one value a pair.

    Attributes:
        is_same: The pair is judged the same.
        is_different: The pair is judged different.
        is_closed: It is not judged the same, but one of its rows has its only partner by judgement,
            or what earlier runs decided stays and leaves no room for it.
        is_kept: An earlier run linked it, which stays (`tk_link.judging.earlier_links`).
    """

    is_same: NDArray[np.bool_]
    is_different: NDArray[np.bool_]
    is_closed: NDArray[np.bool_]
    is_kept: NDArray[np.bool_]

    @property
    def is_fixed(self) -> NDArray[np.bool_]:
        """Whether a pair is linked, whatever is decided."""
        return self.is_same | self.is_kept

    @property
    def is_open(self) -> NDArray[np.bool_]:
        """Whether anything is left to decide about a pair."""
        return ~(self.is_same | self.is_different | self.is_closed | self.is_kept)


def unbound(pairs: int) -> Bound:
    """Return what no judgements make of pairs."""
    none = np.zeros(pairs, dtype=bool)
    return Bound(none, none, none, none)


def bind(pairs: Pairs, judged: Judged, how: Cardinality) -> Bound:
    """Return what judgements make of pairs under a cardinality."""
    is_same, is_different = held(pairs, judged.same), held(pairs, judged.different)
    is_closed = closed(pairs, is_same, how) & ~is_same
    return Bound(is_same, is_different, is_closed, np.zeros(len(pairs), dtype=bool))


def closed(pairs: Pairs, is_fixed: NDArray[np.bool_], how: Cardinality) -> NDArray[np.bool_]:
    """Tell the pairs of rows that a cardinality leaves no partner beside their fixed ones."""
    out = np.zeros(len(pairs), dtype=bool)
    for side, rows, height in (
        ("left", pairs.left, pairs.rows[0]),
        ("right", pairs.right, pairs.rows[1]),
    ):
        if how in ("1:1", "m:1" if side == "left" else "1:m"):
            has_partner = np.zeros(height, dtype=bool)
            has_partner[rows[is_fixed]] = True
            out |= has_partner[rows]
    return out


def with_these(pairs: Pairs, rows: Rows) -> Pairs:
    """Return pairs with these of left and right rows among them."""
    width = pairs.rows[1]
    keys = np.union1d(_keys(pairs), rows[:, 0] * width + rows[:, 1])
    left, right = (keys // width).astype(np.int32), (keys % width).astype(np.int32)
    return replace(pairs, left=left, right=right)


def overruled(guard: Guard, bound: Bound) -> Guard:
    """Return a guard that bars no pair that is linked anyway; what differs in it is still told."""
    return replace(
        guard,
        is_barred=guard.is_barred & ~bound.is_fixed,
        is_variant=guard.is_variant & ~bound.is_fixed,
    )


def heeded(
    scores: Scores, pairs: Pairs, how: Cardinality, bound: Bound, *, barred: NDArray[np.bool_]
) -> Scores:
    """Return scores that know of judgements: what is judged is certain, and so are its rivals.

    Evidence (`Scores.log_odds`) stays what it was. Pairs in ``barred`` are nobody's rivals.
    """
    alone = np.where(bound.is_same, 1.0, np.where(bound.is_different, 0.0, scores.alone))
    odds = np.exp(np.clip(scores.log_odds, -_MOST_LOG_ODDS, _MOST_LOG_ODDS))
    odds = np.where(bound.is_same, _CERTAIN, odds)
    among = ~(barred | bound.is_different)
    share, part = np.ones(len(pairs)), odds[among]
    share[among] = marginals(pairs.only(among), part, how) * (1.0 + part) / part
    return replace(scores, probability=np.where(bound.is_same, 1.0, alone * share), alone=alone)


def beyond(judged: Judged, how: Cardinality) -> list[tuple[str, int, Rows]]:
    """Return the rows that judgements give more partners than a cardinality allows.

    Returns:
        ``left`` or ``right``, the row, and its partners on the other side.
    """
    found = []
    same = pl.DataFrame(judged.same, schema={"left": pl.Int64, "right": pl.Int64}).unique()
    for side, other, rule in (("left", "right", "m:1"), ("right", "left", "1:m")):
        if how in ("1:1", rule):
            several = same.group_by(side).agg(pl.col(other).sort()).sort(side)
            several = several.filter(pl.col(other).list.len() > 1)
            found += [(side, row, np.array(rows)) for row, rows in several.iter_rows()]
    return found


def held(pairs: Pairs, rows: Rows) -> NDArray[np.bool_]:
    """Tell which pairs are among these of left and right rows."""
    return np.isin(_keys(pairs), rows[:, 0] * pairs.rows[1] + rows[:, 1])


def _keys(pairs: Pairs) -> Rows:
    return pairs.left.astype(np.int64) * pairs.rows[1] + pairs.right
