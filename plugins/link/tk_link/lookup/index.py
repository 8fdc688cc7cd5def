"""`Index`: a table ready to be asked for the row that a record means, in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.comparing import codes
from tk_link.comparing.features import CODES, RECORD, Features
from tk_link.fields import FieldType
from tk_link.lookup import comparison
from tk_link.lookup.asked import Asked
from tk_link.lookup.grams import Postings, Space
from tk_link.lookup.queries import Hit, Query
from tk_link.lookup.spelling import spelled, words
from tk_link.scoring import levels
from tk_link.scoring.additive import Additive
from tk_link.scoring.model import Model

NAME = "name text"
"""The feature of a query's text where names are in several columns, or in one not compared."""
WORDY: frozenset[FieldType] = frozenset({"text", "name", "org", "address"})
MATCH = 0.9
"""Probability from which a row is taken without a look. Rivals share the chance, so the next best
row has less than 0.1 then."""

_NEAREST, _NEAREST_NAMES = 30, 20
"""Rows compared closely: those that share most with the whole record, and with its name."""
_CERTAIN = 40.0
"""Bits of a row that was asked for by its id."""
_MOST_LOG_ODDS = 30.0


@dataclass(frozen=True)
class Column:
    """A compared column.

    Attributes:
        name: Its name.
        type: How its values are spelled and compared.
        by_year: Its dates are years.
        spread: Difference at which two of its numbers have nothing in common; None compares ratios.
        examples: Dates as the table writes them, which tell how a query's are meant (d/m or m/d).
    """

    name: str
    type: FieldType
    by_year: bool = False
    spread: float | None = None
    examples: tuple[str, ...] = ()

    @property
    def compare(self) -> comparison.Compare | None:
        """How two values are compared; None for the cosine of their 3-grams."""
        if self.by_year:
            return comparison.year
        if self.spread is not None:
            return partial(comparison.near, scale=self.spread)
        return comparison.COMPARE.get(self.type)


@dataclass(frozen=True)
class Index:
    """A table, laid out for lookup.

    Attributes:
        title: What the table is called.
        table: Its columns as text.
        spelled: The compared columns in one spelling (named by their place: ``0``, ``1``, …), and
            perhaps ``codes``: the codes inside each row's text.
        columns: The compared columns.
        id_column: Column that names rows; None where the row number does.
        name_columns: Columns that together are a row's name.
        common: Tokens in too many rows to be codes.
        record: Where the 3-grams of whole rows are.
        names: Where those of their names are.
        spaces: The 3-grams of each column compared by them, by its place.
        model: What similarities are worth.
    """

    title: str
    table: pl.DataFrame
    spelled: pl.DataFrame
    columns: tuple[Column, ...]
    id_column: str | None
    name_columns: tuple[str, ...]
    common: frozenset[str]
    record: Postings
    names: Postings
    spaces: Mapping[int, Space]
    model: Model = field(repr=False)

    def __len__(self) -> int:
        return self.table.height

    def find(self, query: Query, *, limit: int = 5, min_prob: float = MATCH) -> list[Hit]:
        """Return the rows that a record may mean, best first.

        A row whose id is given, as the text or in its column, comes first, as certain.
        """
        rows, values = self.compare(query)
        hits = self.judge(rows, values, min_prob)
        for row in self._named(query):
            hits = [Hit(row, 1.0, _CERTAIN, True, {}), *(hit for hit in hits if hit.row != row)]
        return hits[:limit]

    def warm(self) -> None:
        """Lay out what a first query would have to wait for."""
        self.find(Query(self.name_of(0)))

    def _named(self, query: Query) -> list[int]:
        """Return the rows whose ids a query gives, the last first."""
        ids = [query.text or "", *query.values.get(self.id_column or "", ())]
        rows = [self.row_of(id.strip()) for id in ids]
        return [row for row in dict.fromkeys(reversed(rows)) if row is not None]

    def begin_with(self, prefix: str) -> list[int]:
        """Return the rows whose names begin with a text, then those where a word does."""
        wanted = spelled(pl.Series([prefix]), "text")[0]
        if wanted is None:
            return []
        name, start = pl.col("name"), pl.lit(wanted)
        rows = self.spelled.with_row_index("row")
        at_word = rows.filter(name.str.contains(" " + start, literal=True))["row"]
        first = rows.filter(name.str.starts_with(start)).sort(name.str.len_chars())["row"]
        return list(dict.fromkeys([*first.to_list(), *at_word.to_list()]))

    def row_of(self, id: str) -> int | None:
        """Return the row that an id names."""
        return self._rows.get(id)

    def id_of(self, row: int) -> str:
        """Return what names a row."""
        return self._ids[row]

    def name_of(self, row: int) -> str:
        """Return a row's name; its id where that is blank."""
        parts = [self.table[column][row] for column in self.name_columns]
        return " ".join(part.strip() for part in parts if part) or self.id_of(row)

    def compare(
        self, query: Query, *, without: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return candidate rows, and ``(rows, features)`` how alike they are; NaN is missing.

        Args:
            query: The record.
            without: A row that is to be taken as not there.
        """
        asked = Asked.of(query, self)
        found = [self.record.nearest(asked.record, _NEAREST)]
        if asked.name:
            found.append(self.names.nearest(asked.name, _NEAREST_NAMES))
        rows = np.unique(np.concatenate(found))
        rows = rows[rows != without]
        return rows, self._similarities(asked, rows)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Names of what is compared, in the order of the values of `compare`."""
        ours = [RECORD]
        ours += [NAME] if self.text_column is None else []
        ours += [CODES] if "codes" in self.spelled.columns else []
        labels = [f"column {c.name}" if c.name in ours else c.name for c in self.columns]
        return (*ours, *labels)

    @cached_property
    def wordy(self) -> tuple[str, ...]:
        """The compared columns in whose text codes are looked for."""
        return tuple(column.name for column in self.columns if column.type in WORDY)

    @cached_property
    def text_column(self) -> str | None:
        """The compared column that a query's text is a value of."""
        compared = {column.name for column in self.columns}
        names = self.name_columns
        return names[0] if len(names) == 1 and names[0] in compared else None

    def _similarities(self, asked: Asked, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        held = self.spelled[rows].to_dict(as_series=False)
        ours: dict[str, Sequence[float]] = {RECORD: self._record(asked, held)}
        if asked.text:
            names = self._names(held)
            ours[NAME] = self.names.space.cosines(asked.text, names).tolist()
        if asked.codes and "codes" in held:
            ours[CODES] = [_agreement(asked.codes, theirs) for theirs in held["codes"]]
        width = len(self.features) - len(self.columns)
        out = np.full((len(rows), len(self.features)), np.nan, dtype=np.float32)
        for place, feature in enumerate(self.features[:width]):
            if feature in ours:
                out[:, place] = ours[feature]
        for place, values in asked.values.items():
            out[:, width + place] = self._column(place, values, held[str(place)])
        return out

    def _record(self, asked: Asked, held: Mapping[str, list[str | None]]) -> list[float]:
        """Compare all that is asked for with the same part of each row."""
        parts = [held[str(place)] for place in asked.values]
        texts = [words(row) for row in zip(*parts, strict=True)] if parts else []
        if asked.text:
            names = self._names(held)
            texts = [words(both) for both in zip(texts or [""] * len(names), names, strict=True)]
        return [float(cosine) for cosine in self.record.space.cosines(asked.record, texts)]

    def _names(self, held: Mapping[str, list[str | None]]) -> list[str]:
        return [text or "" for text in held["name"]]

    def _column(self, place: int, values: Iterable[str], held: Sequence[str | None]) -> list[float]:
        """Return the best of the values for each row; NaN where the row has none."""
        compare = self.columns[place].compare
        best = [np.nan] * len(held)
        for value in values:
            if compare is None:
                known = [text or "" for text in held]
                scores = self.spaces[place].cosines(value, known).tolist()
            else:
                scores = [compare(value, text) if text else np.nan for text in held]
            best = [
                np.nan if not text else (score if not old >= score else old)
                for text, score, old in zip(held, scores, best, strict=True)
            ]
        return best

    def judge(
        self, rows: NDArray[np.int64], values: NDArray[np.float32], min_prob: float = MATCH
    ) -> list[Hit]:
        """Return the rows of `compare` with what their similarities are worth, best first.

        A record means one row at most, so a row's chance is what its rivals leave it.
        """
        cut = levels.cut(Features(self.features, values, np.ones(len(self.features))))
        log_odds = self._additive.log_odds(cut)
        odds = np.exp(np.clip(log_odds, -_MOST_LOG_ODDS, _MOST_LOG_ODDS))
        chances = self.model.curve(log_odds) * (1.0 + odds) / (1.0 + odds.sum())
        chances /= max(chances.sum(), 1.0)
        order = np.lexsort((-values[:, 0], -log_odds, -chances))
        return [
            Hit(
                int(rows[i]),
                float(chances[i]),
                float(log_odds[i] / np.log(2)),
                bool(chances[i] >= min_prob),
                {
                    name: round(float(value), 4)
                    for name, value in zip(self.features, values[i], strict=True)
                    if not np.isnan(value)
                },
            )
            for i in order.tolist()
        ]

    @cached_property
    def _additive(self) -> Additive:
        return self.model.arranged(self.features)

    @cached_property
    def _ids(self) -> list[str]:
        if self.id_column is None:
            return [str(row) for row in range(len(self))]
        return self.table[self.id_column].to_list()

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {id: row for row, id in enumerate(self._ids)}


def _agreement(ours: frozenset[str], theirs: str | None) -> float:
    """Compare codes as `tk_link.comparing.codes.similarity` does."""
    if not theirs:
        return np.nan
    held = theirs.split(" ")
    if not ours.isdisjoint(held):
        return codes.EQUAL
    inside = any(a in b or b in a for a in ours for b in held)
    return codes.CONTAINED if inside else codes.CONFLICT
