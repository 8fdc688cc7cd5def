"""Where things are described, products and works but no people: their texts and their years."""

from __future__ import annotations

from collections.abc import Sequence

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


def texts(
    left: Table, right: Table, fields: Sequence[Field], identifying: Field | None
) -> tuple[Texts, Texts] | None:
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
    return (
        (left.text[identifying.left], right.text[identifying.right]),
        (_joined(left, [f.left for f in told]), _joined(right, [f.right for f in told])),
    )


def years(left: Table, right: Table, fields: Sequence[Field]) -> list[tuple[pl.Series, pl.Series]]:
    """Return the years in the date columns of things; a birth year is a person's."""
    out = []
    for field in fields:
        said = concepts(field.left) | concepts(field.right)
        if field.type == "date" and not said & _PERSONAL:
            a, b = dated(left, field.left), dated(right, field.right)
            out.append((a.dt.year(), b.dt.year()))
    return out


def _is_model(field: Field) -> bool:
    return field.type == "code" and bool(_MODEL & {*words(field.left), *words(field.right)})


def _joined(table: Table, columns: Sequence[str]) -> pl.Series:
    joined = pl.concat_str(pl.col(columns), separator=" ; ", ignore_nulls=True)
    return table.text.select(joined.alias("texts")).to_series()
