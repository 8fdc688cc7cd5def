"""Values as an index keeps and compares them: one spelling a type, the same for row and query."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import polars as pl

from tk_link import normalise
from tk_link.fields import FieldType
from tk_link.views import normalised

_NOT_WORDS = re.compile(r"[\W_]+")


def spelled(values: pl.Series, type: FieldType) -> pl.Series:
    """Return text values in the spelling of their type; null where nothing can be compared.

    Dates become ISO dates and numbers plain ones, or null where they cannot be read; places stay
    as written.
    """
    match type:
        case "date":
            return normalise.dates(values).dt.strftime("%Y-%m-%d")
        case "number":
            return normalise.numbers(values).cast(pl.String)
        case "geo":
            return values
    return normalised(values, type)


def is_iso(value: str) -> bool:
    """Tell whether a value is a date in the spelling of dates: no format need be tried then."""
    if len(value) != len("1999-12-31"):
        return False
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def words(values: Sequence[str | None]) -> str:
    """Return spelled values as one text of words."""
    return _NOT_WORDS.sub(" ", " ".join(value for value in values if value)).strip()
