"""When rows of one table are asked about pairs of two: only where they say something about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from tk_link import cardinality, guard
from tk_link.candidates import Pairs
from tk_link.comparing import variants
from tk_link.comparing.features import Features
from tk_link.linkage import Cardinality
from tk_link.lookalikes import Lookalikes
from tk_link.scoring import distinct
from tk_link.scoring.distinct import Known
from tk_link.scoring.matching import assign
from tk_link.scoring.score import Ask, Scores

Sides = tuple[Lookalikes, Lookalikes]
Told = tuple[tuple[variants.Texts, variants.Texts] | None, Sequence[tuple[pl.Series, pl.Series]]]


_FEWEST = 6
"""Accepted pairs below which look-alikes have denied all that there was."""


@dataclass
class Asking:
    """Decides once a run whether look-alikes are asked, and finds them then.

    Rows that share a partner are the same thing twice, so their likeness says nothing of different
    things: only one-to-one tables are asked. What the guard bars between two tables, other models
    of one product, it bars inside one as well, and the rest are the look-alikes. Where variants are
    more than the accepted pairs, the guard cannot name all of them (a colour, a wrapping), and what
    it leaves may deny every pair: tables with nothing in common look like that, and so do the
    catalogues of two shops. Nothing in the tables tells which, so the links stay as they were, and
    the look-alikes are heard in the stated range alone (`tk_link.scoring.reliance`).

    Attributes:
        pairs: The candidate pairs.
        how: The cardinality asked for, or ``auto``.
        texts: What variants are read from, as `guard.inspect` takes it.
        years: The same.
        find: Finds the look-alikes of both tables.
        told: What variants of look-alikes are read from, where these number other rows than
            candidates do; asked after `find`.
    """

    pairs: Pairs
    how: Cardinality | str
    texts: tuple[variants.Texts, variants.Texts] | None
    years: Sequence[tuple[pl.Series, pl.Series]]
    find: Callable[[], Sides]
    told: Callable[[], Told] | None = None
    _found: Sides | None = field(default=None, init=False)
    _is_decided: bool = field(default=False, init=False)
    _is_varied: bool = field(default=False, init=False)
    _is_refused: bool = field(default=False, init=False)

    def __call__(self, blind: Scores) -> Sides | None:
        """Return the look-alikes, or None; what the first scores decide stays."""
        if not self._is_decided:
            self._is_decided = True
            if self.how != "auto" or cardinality.choose(self.pairs, blind)[0] == "1:1":
                self._found = self._unbarred(blind)
        return None if self._is_refused else self._found

    def stands(self, accepted: int) -> bool:
        """Tell whether so many accepted pairs are to be believed; if not, nothing more is asked."""
        self._is_refused = self._is_varied and accepted < _FEWEST
        return not self._is_refused

    @property
    def again(self) -> Ask | None:
        """Itself, for pairs that are scored again without some; None if nothing was found."""
        return None if self._found is None or self._is_refused else self

    def known(self, features: Features) -> Known | None:
        """Return what was found as levels, None if nothing was."""
        return None if self._found is None else distinct.known(self._found, features)

    def _unbarred(self, blind: Scores) -> Sides:
        verdict = guard.inspect(self.texts, self.years, self.pairs, blind, "1:1")
        kept = assign(self.pairs, blind.order(), "1:1")
        accepted = int((blind.probability[kept] >= 0.5).sum())
        varied = len(np.unique(self.pairs.left[verdict.is_variant]))
        self._is_varied = varied > accepted
        sides = self.find()
        texts, years = (self.texts, self.years) if self.told is None else self.told()
        left, right = (
            side.only(~guard.bars_within(verdict, texts, years, side.in_table(), number))
            for number, side in enumerate(sides)
        )
        return left, right
