"""Ways to write a field so that rows that mean the same meet: exactly, by sound, by their start.

A form turns a column into numbers, equal where the written form is; `tk_link.passes` joins on them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl

from tk_link.fields import Field, FieldType
from tk_link.tables import Table
from tk_link.views import comparable, spelled

_SAMPLE = 2_000
_LEAST_START = 3
_SOUND_LENGTH, _LAST_DIGITS = 5, 7
_SPELLINGS = {
    "ph": "f", "gh": "", "kn": "n", "wr": "r", "sch": "s", "sh": "s", "ck": "k", "dg": "j",
    "tch": "c",
}  # fmt: skip
_FIRST = {"c": "k", "q": "k", "z": "s"}
_SOUNDS = (("[bfpvw]", "1"), ("[cgjkqsxz]", "2"), ("[dt]", "3"), ("l", "4"), ("[mn]", "5"),
           ("r", "6"))  # fmt: skip


@dataclass(frozen=True)
class Form:
    """One way to write one field, or several in any order.

    Attributes:
        name: What it is called when a plan is printed.
        fields: Numbers of the fields that it writes.
        write: From a field's normalised values to the values that meet; None as they are.
    """

    name: str
    fields: tuple[int, ...]
    write: Callable[[pl.Series], pl.Series] | None = None

    def hashed(self, table: Table, columns: Sequence[str], fields: Sequence[Field]) -> pl.Series:
        """Return a ``UInt64`` for each row of a table; null where a value is missing."""
        total: pl.Series | None = None
        for number in self.fields:
            field = fields[number]
            values = _source(table, columns[number], field.type, exact=self.write is None)
            written = values if self.write is None else self.write(values)
            one = written.hash(seed=0).set(written.is_null() | (written == ""), None)
            total = one if total is None else total + one  # wraps, and forgets the order
        assert total is not None, "a form writes at least one field"
        return total


def forms_of(left: Table, fields: Sequence[Field], chosen: Sequence[int]) -> list[Form]:
    """Return the forms of the chosen fields: each exactly, then the looser ones of its type."""
    exact = [Form(fields[n].label, (n,)) for n in chosen]
    loose = [form for n in chosen if (form := _loose(left, fields[n], n)) is not None]
    names = tuple(n for n in chosen if fields[n].type == "name")
    if len(names) > 1:
        called = " and ".join(fields[n].label for n in sorted(names))
        loose.append(Form(f"{called} (in any order)", tuple(sorted(names))))
    return [*exact, *loose]


def sound(values: pl.Series) -> pl.Series:
    """Return how names of Latin letters sound, after Soundex: first letter, then consonant classes.

    Vowels, repeats and silent letters fall away: ``catherine`` is ``kathryn``, ``smith`` ``smyth``.
    """
    plain = values.str.replace_many(list(_SPELLINGS), list(_SPELLINGS.values()))
    rest = plain.str.slice(1)
    for letters, digit in _SOUNDS:
        rest = rest.str.replace_all(f"{letters}+", digit)
    sounds = rest.str.replace_all("[a-z ]+", "").str.slice(0, _SOUND_LENGTH - 1)
    return plain.str.slice(0, 1).str.replace_many(list(_FIRST), list(_FIRST.values())) + sounds


def _loose(left: Table, field: Field, number: int) -> Form | None:
    """Return the form in which slips in a field of this type still meet."""
    match field.type:
        case "name":
            said, write = "by sound", sound
        case "email":
            said, write = "before @", _before_at
        case "phone":
            said, write = f"last {_LAST_DIGITS} digits", partial(_last, length=_LAST_DIGITS)
        case "date":
            said, write = "year and month", partial(_first, length=len("1999-12"))
        case "text" | "org" | "address" | "code":
            values = spelled(left, field.left, field.type).head(_SAMPLE).drop_nulls()
            middle = values.str.len_chars().median()
            length = int(middle / 2) if isinstance(middle, float) else 0
            if length < _LEAST_START:  # too short to be cut
                return None
            said, write = f"first {length} characters", partial(_first, length=length)
        case _:
            return None
    return Form(f"{field.label} ({said})", (number,), write)


def _before_at(values: pl.Series) -> pl.Series:
    return values.str.replace(r"@.*$", "")


def _first(values: pl.Series, length: int) -> pl.Series:
    return values.str.slice(0, length)


def _last(values: pl.Series, length: int) -> pl.Series:
    return values.str.tail(length)


def _source(table: Table, column: str, type_: FieldType, *, exact: bool) -> pl.Series:
    if type_ == "date" and not exact:
        return comparable(table, column, type_)
    return spelled(table, column, type_)
