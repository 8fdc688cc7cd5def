"""Records as people would write them again: what an index is tried on before anybody asks it.

A lookup has one table and no answers to learn from. So rows of the table are written down anew
with the slips that people make, and the index learns from which similarities the row it was can be
told. The rates are fixed, the same for every table, and are what probabilities assume.
"""

from __future__ import annotations

import string

import numpy as np

from tk_link.lookup.queries import Query

_SAME, _TYPO, _TWO_TYPOS, _SHORTER, _OTHER = 0.70, 0.12, 0.04, 0.04, 0.10
"""Of a value: left as it is, one letter wrong, two, a word left out, another value altogether."""
_LONG, _LEAST_TOLD = 6, 0.3
"""Words from which a value is a text that is told, not copied: 30% to all of its words stay."""
_UNKNOWN = 0.15
"""Chance that a column is not known to whoever asks."""
_WHOLE, _NAME_ALONE = 0.5, 0.25
"""Queries of all columns, of the name alone; the rest is the name and one or two columns."""


class Writer:
    """Writes rows down again, from a seed.

    Attributes:
        rows: The columns' values by column, row by row.
        name_columns: Columns that together are a row's name.
    """

    def __init__(
        self, rows: dict[str, list[str | None]], name_columns: tuple[str, ...], seed: int
    ) -> None:
        self.rows = rows
        self.name_columns = name_columns
        self._rng = np.random.default_rng(seed)

    def write(self, row: int) -> Query:
        """Return a query that means a row."""
        shape = self._rng.random()
        if shape < _WHOLE:
            return Query(values=self._values(row, list(self.rows)))
        # Whoever asks by another's name means another row: only in whole records may that differ.
        names = (self._slipped(row, column, may_differ=False) for column in self.name_columns)
        text = " ".join(filter(None, names))
        if shape < _WHOLE + _NAME_ALONE:
            return Query(text)
        others = [column for column in self.rows if column not in self.name_columns]
        chosen = self._rng.permutation(len(others))[: self._rng.integers(1, 3)]
        return Query(text, self._values(row, [others[i] for i in chosen]))

    def _values(self, row: int, columns: list[str]) -> dict[str, tuple[str, ...]]:
        slipped = {c: self._slipped(row, c) for c in columns if self._rng.random() >= _UNKNOWN}
        return {column: (value,) for column, value in slipped.items() if value}

    def _slipped(self, row: int, column: str, *, may_differ: bool = True) -> str | None:
        value = self.rows[column][row]
        if not value:
            return None
        kind = self._rng.random()
        if kind < _SAME or (kind >= 1.0 - _OTHER and not may_differ):
            return self._told(value)
        if kind < _SAME + _TYPO:
            return self._typo(value)
        if kind < _SAME + _TYPO + _TWO_TYPOS:
            return self._typo(self._typo(value))
        if kind < 1.0 - _OTHER:
            parts = value.split(" ")
            parts.pop(int(self._rng.integers(len(parts))))
            return " ".join(parts) or value[:1]
        return self.rows[column][int(self._rng.integers(len(self.rows[column])))]

    def _told(self, value: str) -> str:
        """Leave a value as it is, unless it is a text that nobody repeats word for word."""
        parts = value.split()
        if len(parts) < _LONG:
            return value
        kept = self._rng.random(len(parts)) < self._rng.uniform(_LEAST_TOLD, 1.0)
        return " ".join(part for part, is_kept in zip(parts, kept, strict=True) if is_kept) or value

    def _typo(self, value: str) -> str:
        """Drop, double, swap or replace one character."""
        if not value:
            return value
        at = int(self._rng.integers(len(value)))
        before, here, after = value[:at], value[at], value[at + 1 :]
        kinds = string.digits if here.isdigit() else string.ascii_lowercase
        other = kinds[int(self._rng.integers(len(kinds)))]
        match int(self._rng.integers(4)):
            case 0:
                return before + after
            case 1:
                return before + here + here + after
            case 2:
                return before + after[:1] + here + after[1:]
        return before + other + after
