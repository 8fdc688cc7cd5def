"""Where things are described, products and works but no people: their texts and their years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from tk_link.comparing.variants import Texts
from tk_link.fields import Field
from tk_link.tables import Table
from tk_link.views import dated
from tk_link.wording import concepts, words

_TEXTS = ("text", "category")
_PERSONAL = frozenset({"birth", "death"})
_MODEL = frozenset({"model", "modelno", "modelnumber", "mpn", "sku", "part", "partno", "version"})
"""Words in the name of a column of codes that say which model it is, not which record."""


@dataclass(frozen=True)
class Described:
    """Which columns say what a thing is.

    Attributes:
        title: The one that names it.
        told: All that describe it.
        dated: Those that hold its dates.
    """

    title: Field
    told: tuple[Field, ...]
    dated: tuple[Field, ...]


def described(fields: Sequence[Field], identifying: Field | None) -> Described | None:
    """Return what names the things of both tables and all that describes them; None for people.

    Names, addresses and firms never make a variant: a slip in a house number is a slip. So rows
    must be told apart by a text first of all (``identifying``), and no column may hold names.
    """
    if identifying is None:  # no wordy column: short tables have their few titles typed category
        identifying = next((f for f in fields if f.type in _TEXTS), None)
    if identifying is None or identifying.type not in _TEXTS:
        return None
    if any(field.type == "name" for field in fields):
        return None
    told = [f for f in fields if f.type in (*_TEXTS, "number") or _is_model(f)]
    dates = [f for f in fields if f.type == "date" and not _is_personal(f)]
    return Described(identifying, tuple(told), tuple(dates))


def texts(
    left: Table, right: Table, fields: Sequence[Field], identifying: Field | None
) -> tuple[Texts, Texts] | None:
    """Return the titles of both tables and all that describes their things; None for people."""
    found = described(fields, identifying)
    if found is None:
        return None
    return (
        (left.text[found.title.left], right.text[found.title.right]),
        (joined(left, [f.left for f in found.told]), joined(right, [f.right for f in found.told])),
    )


def years(left: Table, right: Table, fields: Sequence[Field]) -> list[tuple[pl.Series, pl.Series]]:
    """Return the years in the date columns of things; a birth year is a person's."""
    return [
        (dated(left, field.left).dt.year(), dated(right, field.right).dt.year())
        for field in fields
        if field.type == "date" and not _is_personal(field)
    ]


def joined(table: Table, columns: Sequence[str]) -> pl.Series:
    """Return all that some columns tell of each row."""
    text = pl.concat_str(pl.col(columns), separator=" ; ", ignore_nulls=True)
    return table.text.select(text.alias("texts")).to_series()


def _is_personal(field: Field) -> bool:
    return bool((concepts(field.left) | concepts(field.right)) & _PERSONAL)


def _is_model(field: Field) -> bool:
    return field.type == "code" and bool(_MODEL & {*words(field.left), *words(field.right)})
