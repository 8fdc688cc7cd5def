"""Pairs taken apart into bits of evidence, the same for a linkage and a search for duplicates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.candidates import Pairs
from tk_link.comparing.features import OTHER_MODEL, Features
from tk_link.fields import Field
from tk_link.guard import Guard
from tk_link.page.cells import cell, clean
from tk_link.page.content import Compared, Example, Step
from tk_link.scoring.additive import Additive
from tk_link.scoring.levels import MISSING
from tk_link.tables import Table

_MOST_STEPS = 14
_LEAST_BITS = 0.05
_NAME = 60


@dataclass(frozen=True)
class Evidence:
    """Compared pairs and the model that weighed them.

    Attributes:
        fields: Compared columns.
        tables: Left and right table.
        names: What their rows are called.
        pairs: Candidate pairs.
        features: Their similarities.
        levels: The same, cut into levels.
        additive: What each level adds.
        guard: What tells variants apart; None where nothing guards.
    """

    fields: tuple[Field, ...]
    tables: tuple[Table, Table]
    names: tuple[pl.Series, pl.Series]
    pairs: Pairs
    features: Features
    levels: NDArray[np.int8]
    additive: Additive
    guard: Guard | None = None

    def example(self, title: str, verdict: str, rows: tuple[int, int]) -> Example | None:
        """Take a pair of rows apart; None where it was never compared."""
        at = np.flatnonzero((self.pairs.left == rows[0]) & (self.pairs.right == rows[1]))
        if not len(at):
            return None
        steps = self._steps(int(at[0]))
        gone = [s for s in steps if s.bits is None and not (s.left or s.right)]
        sums = [step.start + (step.bits or 0.0) for step in steps]
        return Example(
            title=title,
            verdict=verdict,
            names=(clean(str(self.names[0][rows[0]])), clean(str(self.names[1][rows[1]]))),
            steps=tuple(step for step in steps if step not in gone),
            missing=tuple(step.name for step in gone),
            score=sums[-1],
            low=min(0.0, *sums),
            high=max(0.0, *sums),
        )

    def telling(self, most: int) -> list[Field]:
        """Return the columns whose evidence has the widest range, in the order of the table."""
        ranges = self._ranges()
        weighed = {field: ranges.get(self._feature(field), (0.0, 0.0)) for field in self.fields}
        widest = sorted(weighed, key=lambda field: weighed[field][0] - weighed[field][1])[:most]
        return [field for field in self.fields if field in widest]

    def compared(self, most: int) -> tuple[Compared, ...]:
        """Return the first compared columns with the range of their evidence."""
        ranges = self._ranges()
        fields = {self._feature(field): field for field in self.fields}
        others = [name for name in self.features.names if name not in fields]
        columns = [
            Compared(
                clean(field.left, most=_NAME),
                clean(field.right, most=_NAME),
                field.type,
                field.why,
                *ranges.get(name, (None, None)),
            )
            for name, field in fields.items()
        ]
        ours = [Compared(name, "", "", "all compared text", *ranges[name]) for name in others]
        return tuple([*columns, *ours][:most])

    def _ranges(self) -> dict[str, tuple[float, float]]:
        """Return the least and the most bits that each feature adds where it is not missing."""
        known = self.additive.evidence[:, MISSING + 1 :] / np.log(2)
        least, most = known.min(axis=1).tolist(), known.max(axis=1).tolist()
        return dict(zip(self.features.names, zip(least, most, strict=True), strict=True))

    def _steps(self, at: int) -> tuple[Step, ...]:
        """Return the prior, the evidence, strongest first, and what is missing."""
        bits = self.additive.contributions(self.levels[[at]])[0]
        known = [n for n in np.argsort(-np.abs(bits)) if self.levels[at, n] != MISSING]
        shown = [n for n in known if abs(bits[n]) >= _LEAST_BITS][:_MOST_STEPS]
        total = float(self.additive.prior / np.log(2))
        steps = [Step("prior", total, 0.0)]
        for n in shown:
            steps.append(self._step(int(n), at, float(bits[n]), total))
            total += float(bits[n])
        rest = [float(bits[n]) for n in known if n not in shown]
        if rest:
            steps.append(Step(f"{len(rest)} more, each small", sum(rest), total))
            total += sum(rest)
        if self.guard is not None and self.guard.bits[at]:
            guarded = float(self.guard.bits[at])
            note = clean(f"{OTHER_MODEL}: {self.guard.note[at]}", most=_NAME)
            steps.append(Step(note, guarded, total))
            total += guarded
        missing = [n for n in range(len(bits)) if self.levels[at, n] == MISSING]
        gone = [self._step(n, at, None, total) for n in missing[:_MOST_STEPS]]
        return (*steps, *gone)

    def _step(self, n: int, at: int, bits: float | None, start: float) -> Step:
        name = self.features.names[n]
        alike = None if bits is None else float(self.features.values[at, n])
        field = next((field for field in self.fields if self._feature(field) == name), None)
        if field is None:
            return Step(name, bits, start, alike)
        left, right = self.tables
        cells = (
            cell(left, int(self.pairs.left[at]), field.left),
            cell(right, int(self.pairs.right[at]), field.right),
        )
        return Step(clean(field.label, most=_NAME), bits, start, alike, *cells)

    def _feature(self, field: Field) -> str:
        """Return the name of a field's feature; one that is named like ours has a prefix."""
        prefixed = f"column {field.label}"
        return prefixed if prefixed in self.features.names else field.label
