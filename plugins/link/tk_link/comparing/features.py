"""Every candidate pair compared, field by field: numbers in 0..1, NaN where a value is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.candidates import Candidates, Pairs
from tk_link.comparing import codes, dates, keys, names, quantities, tokens
from tk_link.fields import Field
from tk_link.ngrams import vectorise
from tk_link.tables import Table
from tk_link.views import Views, normalised

RECORD, MEANING = "whole record", "meaning"
CODES, NUMBERS = "codes in text", "numbers in text"
_OURS = frozenset({RECORD, MEANING, CODES, NUMBERS})


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
    left: Table, right: Table, fields: Sequence[Field], views: Views, candidates: Candidates
) -> Features:
    """Compare every candidate pair on the whole record, each field, and numbers inside its text."""
    pairs = candidates.pairs
    columns = {name: (values, 1.0) for name, values in _record(candidates).items()}
    for field in fields:
        name = f"column {field.label}" if field.label in _OURS else field.label
        columns[name] = (_field(left, right, field, pairs), field.weight)
    if views.wording is not None:
        for name, similarity in ((CODES, codes.similarity), (NUMBERS, tokens.similarity)):
            agreement = similarity(*views.wording, pairs)
            if agreement is not None:
                columns[name] = (agreement, 1.0)
    return Features(
        tuple(columns),
        np.column_stack([values for values, _ in columns.values()]),
        np.array([weight for _, weight in columns.values()]),
    )


def _record(candidates: Candidates) -> dict[str, NDArray[np.float32]]:
    """Compare whole records: by letters, or by letters and meaning in one, and by meaning alone.

    Both are needed. Meaning inside `RECORD` lets the mixture start from the right pairs where
    letters say nothing; on its own it can be weighed more than half (``docs/link/retrieval.md`` has
    what else was tried).
    """
    pairs = candidates.pairs
    letters = candidates.record.cosine(pairs.left, pairs.right)
    if candidates.meaning is None:
        return {RECORD: letters}
    meaning = candidates.meaning.likeness(pairs.left, pairs.right)
    both = (letters + np.nan_to_num(meaning)) / 2
    return {RECORD: both.astype(np.float32), MEANING: meaning}


def _field(  # noqa: PLR0911 - one return for each type
    left: Table, right: Table, field: Field, pairs: Pairs
) -> NDArray[np.float32]:
    raw_left, raw_right = left.text[field.left], right.text[field.right]
    match field.type:
        case "number":
            return quantities.number(raw_left, raw_right, pairs)
        case "geo":
            return quantities.place(raw_left, raw_right, pairs)
        case "date":
            return dates.similarity(raw_left, raw_right, pairs)
    a, b = normalised(raw_left, field.type), normalised(raw_right, field.type)
    match field.type:
        case "name":
            return names.similarity(a, b, pairs)
        case "code":
            return keys.code(a, b, pairs)
        case "phone":
            return keys.phone(a, b, pairs)
        case "email":
            return keys.email(a, b, pairs)
    return _wording(a, b, pairs)


def _wording(a: pl.Series, b: pl.Series, pairs: Pairs) -> NDArray[np.float32]:
    """Cosine of character 3-gram TF-IDF vectors: rare wording counts more than common."""
    out = vectorise(a, b).cosine(pairs.left, pairs.right)
    missing = a.is_null().to_numpy()[pairs.left] | b.is_null().to_numpy()[pairs.right]
    out[missing] = np.nan
    return out
