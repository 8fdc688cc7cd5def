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


@dataclass
class Asking:
    """Decides once a run whether look-alikes are asked, and finds them then.

    Rows that share a partner are the same thing twice, so their likeness says nothing of different
    things: only one-to-one tables are asked. And where variants (other models of one product) are
    more than the accepted pairs, they are what rows of one table look like; the guard bars them
    by what differs, and what is left to it is not what they would warn of.

    Attributes:
        pairs: The candidate pairs.
        how: The cardinality asked for, or ``auto``.
        texts: What variants are read from, as `guard.inspect` takes it.
        years: The same.
        find: Finds the look-alikes of both tables.
    """

    pairs: Pairs
    how: Cardinality | str
    texts: tuple[variants.Texts, variants.Texts] | None
    years: Sequence[tuple[pl.Series, pl.Series]]
    find: Callable[[], Sides]
    _found: Sides | None = field(default=None, init=False)
    _is_decided: bool = field(default=False, init=False)

    def __call__(self, blind: Scores) -> Sides | None:
        """Return the look-alikes, or None; what the first scores decide stays."""
        if not self._is_decided:
            self._is_decided = True
            if self._says_something(blind):
                self._found = self._unbarred(blind)
        return self._found

    @property
    def answer(self) -> Ask | None:
        """What was found, for pairs that are scored again without some; None if nothing was."""
        return None if self._found is None else lambda _: self._found

    def known(self, features: Features) -> Known | None:
        """Return what was found as levels, None if nothing was."""
        return None if self._found is None else distinct.known(self._found, features)

    def _says_something(self, blind: Scores) -> bool:
        return self.how != "auto" or cardinality.choose(self.pairs, blind)[0] == "1:1"

    def _unbarred(self, blind: Scores) -> Sides:
        """Return the look-alikes that nothing bars but that they are of one table."""
        verdict = guard.inspect(self.texts, self.years, self.pairs, blind, "1:1")
        left, right = (
            side.only(~guard.bars_within(verdict, self.texts, self.years, side.in_table(), number))
            for number, side in enumerate(self.find())
        )
        return left, right
