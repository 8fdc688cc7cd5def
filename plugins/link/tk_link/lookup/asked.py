"""A query in the spelling of the index that it is asked of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from tk_link.comparing import codes
from tk_link.fields import FieldType
from tk_link.lookup.queries import Query
from tk_link.lookup.spelling import is_iso, spelled, words

if TYPE_CHECKING:
    from tk_link.lookup.index import Column, Index

_TOGETHER: dict[FieldType, FieldType] = {"name": "text", "category": "text"}
"""Types spelled alike are spelled in one call: a call takes 0.4 ms whatever it is given."""


@dataclass(frozen=True)
class Asked:
    """What is looked for.

    Attributes:
        values: Spelled values of each compared column, by its place.
        text: Spelled text where it is no column's value.
        name: What to look for among names.
        record: What to look for in whole rows.
        codes: Codes in its text.
    """

    values: Mapping[int, tuple[str, ...]]
    text: str
    name: str
    record: str
    codes: frozenset[str]

    @classmethod
    def of(cls, query: Query, index: Index) -> Asked:
        """Spell a query."""
        raw = {name: [_whole(v) for v in values] for name, values in query.values.items()}
        text = _whole(query.text or "")
        if text and index.text_column is not None:
            raw.setdefault(index.text_column, []).append(text)
            text = ""
        places = {column.name: place for place, column in enumerate(index.columns)}
        given = {places[name]: values for name, values in raw.items() if name in places}
        values = _spell(given, index.columns)
        free = spelled(pl.Series([text]), "text")[0] or "" if text else ""
        firsts = [values[place][0] for place in sorted(values)]
        names = [values[places[c]][0] for c in index.name_columns if places.get(c) in values]
        return cls(
            values,
            free,
            free or words(names),
            words([*firsts, free]),
            _codes([*(v for c in index.wordy for v in raw.get(c, ())), text], index),
        )


def _whole(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON can spell and nothing can read."""
    return text.encode("utf-8", "replace").decode()


def _spell(
    given: Mapping[int, Sequence[str]], columns: Sequence[Column]
) -> dict[int, tuple[str, ...]]:
    """Spell values by type; places with nothing left are dropped."""
    out: dict[int, tuple[str, ...]] = {}
    batches: dict[FieldType, list[tuple[int, str]]] = {}
    for place, values in given.items():
        type_ = columns[place].type
        if type_ == "date" and all(map(is_iso, values)):
            out[place] = tuple(values)
        elif type_ == "date":
            both = pl.Series([*values, *columns[place].examples], dtype=pl.String)
            out[place] = tuple(spelled(both, "date")[: len(values)].drop_nulls())
        else:
            batch = batches.setdefault(_TOGETHER.get(type_, type_), [])
            batch += [(place, value) for value in values]
    for type_, batch in batches.items():
        texts = spelled(pl.Series([value for _, value in batch], dtype=pl.String), type_)
        for (place, _), text in zip(batch, texts.to_list(), strict=True):
            if text:
                out[place] = (*out.get(place, ()), text)
    return {place: values for place, values in out.items() if values}


def _codes(texts: Sequence[str], index: Index) -> frozenset[str]:
    if "codes" not in index.spelled.columns:
        return frozenset()
    found = codes.tokens(pl.Series([" ".join(texts)]))["code"].to_list()
    return frozenset(found) - index.common
