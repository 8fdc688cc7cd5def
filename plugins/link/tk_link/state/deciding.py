"""Judgements in the state: new ones told from known ones, all of them found among the rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tk_link.auditing.judgements import Judgement, Pair
from tk_link.judging.judged import Judged, Verdicts
from tk_link.state.store import KeptJudgement, Place


def added(
    kept: Sequence[KeptJudgement],
    given: Verdicts,
    *,
    key: Callable[[Pair], Hashable] = frozenset,
) -> list[KeptJudgement]:
    """Return those of `given` that say something else than what stands, numbered after `kept`.

    Args:
        kept: Judgements in the state.
        given: Judgements that arrive.
        key: What two names of one pair have in common: rows of one table have no sides.
    """
    standing = {key(each.pair): each.judgement for each in kept}
    last = max((each.number for each in kept), default=0)
    new = [(pair, said) for pair, said in given.items() if standing.get(key(pair)) != said]
    return [
        KeptJudgement(number, pair, said, None, None)
        for number, (pair, said) in enumerate(new, start=last + 1)
    ]


@dataclass(frozen=True)
class Located:
    """Where judgements belong.

    Attributes:
        judged: What they say of the rows.
        places: Judgements located now, by number, with the places of their rows.
    """

    judged: Judged
    places: tuple[tuple[int, Place, Place], ...]


def locate(
    kept: Sequence[KeptJudgement],
    left: Mapping[str, int],
    right: Mapping[str, int],
    places: pl.DataFrame,
) -> Located:
    """Find the rows of all judgements; the last on two rows counts, whatever they were called.

    Args:
        kept: All judgements, oldest first.
        left: Row by name, of rows that stand left in a judgement.
        right: Likewise; the same mapping where rows have no sides.
        places: ``source`` and ``place`` of every row, those of the left side first.
    """
    place_of = list(zip(places["source"], places["place"], strict=True)) if kept else []
    row_of = {place: row for row, place in enumerate(place_of)}
    standing: dict[tuple[int, int], Judgement] = {}
    found, absent = [], 0
    for each in kept:  # thousands, judged by people
        if each.left is not None and each.right is not None:
            one, other = row_of[each.left], row_of[each.right]
        elif each.pair[0] in left and each.pair[1] in right:
            one, other = left[each.pair[0]], right[each.pair[1]]
            found.append((each.number, place_of[one], place_of[other]))
        else:
            absent += each.judgement != "u"
            continue
        standing[min(one, other), max(one, other)] = each.judgement
    same, different = (
        np.array([p for p, said in standing.items() if said == which], dtype=np.int64)
        for which in ("y", "n")
    )
    judged = Judged(same.reshape(-1, 2), different.reshape(-1, 2), absent)
    return Located(judged, tuple(found))
