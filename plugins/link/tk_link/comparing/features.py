"""Every candidate pair compared, field by field: numbers in 0..1, NaN where a value is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.candidates import Candidates, Pairs
from tk_link.comparing import codes, dates, keys, names, quantities, tokens
from tk_link.comparing.rarity import rarity
from tk_link.comparing.statistics import Statistics
from tk_link.fields import Field, FieldType
from tk_link.grams import Grams
from tk_link.ngrams import vectorise
from tk_link.tables import Table
from tk_link.views import Views, dated, spelled
from tk_link.wording import concepts

_FEW_FIELDS = 3
"""Up to so many compared fields the frequency of a name says more than the other features do."""
RECORD, MEANING = "whole record", "meaning"
CODES, NUMBERS = "codes in text", "numbers in text"
OTHER_MODEL = "other model"
"""What the variant guard adds (`tk_link.guard`), shown beside the features."""
_OURS = frozenset({RECORD, MEANING, CODES, NUMBERS, OTHER_MODEL})


@dataclass(frozen=True)
class Features:
    """Similarities of candidate pairs.

    Attributes:
        names: One name a feature: `RECORD`, each field's label, perhaps `CODES` and `NUMBERS`.
        values: ``(pairs, features)`` float32 in 0..1, NaN where missing.
        weights: Multiplier on each feature's evidence.
    """

    names: tuple[str, ...]
    values: NDArray[np.float32]
    weights: NDArray[np.float64]


def compare(
    left: Table,
    right: Table,
    fields: Sequence[Field],
    views: Views,
    candidates: Candidates,
    *,
    threads: int = 1,
    statistics: Statistics | None = None,
) -> Features:
    """Compare every candidate pair on the whole record, each field, and numbers inside its text.

    With ``statistics`` how common wording is comes from there; else it is counted on the tables.
    """
    pairs = candidates.pairs
    columns = {name: (values, 1.0) for name, values in _record(candidates, threads).items()}
    compared = {
        f: _field(left, right, f, pairs, threads=threads, statistics=statistics) for f in fields
    }
    _uncross(left, right, compared, pairs, threads)
    for field, similarity in compared.items():
        name = f"column {field.label}" if field.label in _OURS else field.label
        columns[name] = (similarity, field.weight)
        if statistics is None and field.type == "name" and len(fields) <= _FEW_FIELDS:
            rare = rarity(*_spelled(left, right, field), pairs)
            if rare is not None:
                columns[f"rarity of {name}"] = (rare, field.weight)
    if views.wording is not None:
        for name, agreement in _inside(views.wording, pairs, statistics).items():
            if agreement is not None:
                columns[name] = (agreement, 1.0)
    return Features(
        tuple(columns),
        np.column_stack([values for values, _ in columns.values()]),
        np.array([weight for _, weight in columns.values()]),
    )


def _inside(
    wording: tuple[pl.Series, pl.Series], pairs: Pairs, statistics: Statistics | None
) -> dict[str, NDArray[np.float32] | None]:
    """Compare codes and numbers inside wording; None where too few rows hold any."""
    if statistics is None:
        return {
            CODES: codes.similarity(*wording, pairs),
            NUMBERS: tokens.similarity(*wording, pairs),
        }
    units, numbers = statistics.units, statistics.numbers
    return {
        CODES: None if units is None else codes.similarity(*wording, pairs, units),
        NUMBERS: None if numbers is None else tokens.similarity(*wording, pairs, numbers),
    }


def _record(candidates: Candidates, threads: int) -> dict[str, NDArray[np.float32]]:
    """Compare whole records: by letters, or by letters and meaning in one, and by meaning alone.

    Both are needed. Meaning inside `RECORD` lets the mixture start from the right pairs where
    letters say nothing; on its own it can be weighed more than half (``docs/link/retrieval.md`` has
    what else was tried).
    """
    pairs = candidates.pairs
    letters = candidates.record.cosine(pairs.left, pairs.right, threads)
    if candidates.meaning is None:
        return {RECORD: letters}
    meaning = candidates.meaning.likeness(pairs.left, pairs.right)
    both = (letters + np.nan_to_num(meaning)) / 2
    return {RECORD: both.astype(np.float32), MEANING: meaning}


def _field(
    left: Table,
    right: Table,
    field: Field,
    pairs: Pairs,
    *,
    threads: int,
    statistics: Statistics | None,
) -> NDArray[np.float32]:
    match field.type:
        case "number":
            return quantities.number(left.text[field.left], right.text[field.right], pairs)
        case "geo":
            return quantities.place(left.text[field.left], right.text[field.right], pairs)
        case "date":
            a, b = dated(left, field.left), dated(right, field.right)
        case _:
            a, b = _spelled(left, right, field)
    by_value = _BY_VALUE.get(field.type)
    if by_value is None:
        grams = statistics.wording[field.left] if statistics is not None else None
        return _wording(a, b, pairs, threads, grams)
    return _distinct(a, b, pairs, partial(by_value, threads=threads))


def _spelled(left: Table, right: Table, field: Field) -> tuple[pl.Series, pl.Series]:
    return spelled(left, field.left, field.type), spelled(right, field.right, field.type)


def _uncross(
    left: Table,
    right: Table,
    compared: dict[Field, NDArray[np.float32]],
    pairs: Pairs,
    threads: int,
) -> None:
    """See to people whose first and last name stand in each other's column."""
    people = [f for f in compared if f.type == "name"]
    first = next((f for f in people if "first" in concepts(f.left) & concepts(f.right)), None)
    last = next((f for f in people if "last" in concepts(f.left) & concepts(f.right)), None)
    if first is None or last is None:
        return
    compared[first], compared[last] = names.uncross(
        (compared[first], compared[last]),
        _spelled(left, right, first),
        _spelled(left, right, last),
        pairs,
        threads=threads,
    )


class _ByValue(Protocol):
    """A comparison that depends on nothing but the two values."""

    def __call__(
        self, left: pl.Series, right: pl.Series, pairs: Pairs, *, threads: int
    ) -> NDArray[np.float32]: ...


_BY_VALUE: dict[FieldType, _ByValue] = {
    "name": names.similarity,
    "date": dates.similarity,
    "code": keys.code,
    "phone": keys.phone,
    "email": keys.email,
}


def _distinct(
    a: pl.Series, b: pl.Series, pairs: Pairs, similarity: Callable[..., NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Compare each pair of values once, however many pairs of rows hold it; NaN where missing."""
    known = ~(a.is_null().to_numpy()[pairs.left] | b.is_null().to_numpy()[pairs.right])
    left, right = pairs.left[known], pairs.right[known]
    hashes = a.hash(seed=1).to_numpy()[left] ^ b.hash(seed=2).to_numpy()[right]
    _, first, place = np.unique(hashes, return_index=True, return_inverse=True)
    out = np.full(len(pairs), np.nan, dtype=np.float32)
    out[known] = similarity(a, b, Pairs(left[first], right[first], pairs.rows))[place]
    return out


def _wording(
    a: pl.Series, b: pl.Series, pairs: Pairs, threads: int, grams: Grams | None
) -> NDArray[np.float32]:
    """Cosine of character 3-gram TF-IDF vectors: rare wording counts more than common."""
    vectors = vectorise(a, b, threads=threads) if grams is None else grams.pair(a, b)
    out = vectors.cosine(pairs.left, pairs.right, threads)
    missing = a.is_null().to_numpy()[pairs.left] | b.is_null().to_numpy()[pairs.right]
    out[missing] = np.nan
    return out
