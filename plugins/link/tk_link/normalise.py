"""Values of each type brought to one spelling, as polars expressions over text columns.

Every function takes and returns a ``String`` series (null stays null, a value with nothing left
becomes null), except `numbers` and `dates`, which return typed series.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

import polars as pl

_LETTERS = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
    "ħ": "h", "ŋ": "n",
}  # fmt: skip
"""Letters that Unicode decomposition leaves alone, in the usual Latin transliteration."""

_LEGAL_PHRASES: dict[str, str] = {
    "gesellschaft mit beschrankter haftung": "gmbh", "public limited company": "plc",
    "societe anonyme": "sa", "besloten vennootschap": "bv",
}  # fmt: skip
_LEGAL_WORDS: dict[str, str] = {
    "incorporated": "inc", "corporation": "corp", "company": "co", "limited": "ltd",
    "aktiengesellschaft": "ag",
}  # fmt: skip
_LEGAL_SHORT = [
    "inc",
    "corp",
    "co",
    "ltd",
    "llc",
    "llp",
    "lp",
    "plc",
    "gmbh",
    "mbh",
    "ag",
    "kg",
    "ohg",
    "ug",
    "se",
    "sa",
    "sas",
    "sarl",
    "srl",
    "spa",
    "bv",
    "nv",
    "ab",
    "oy",
    "as",
    "aps",
    "kft",
    "sl",
    "sro",
    "pty",
    "pvt",
    "kk",
]
_ADDRESS: dict[str, str] = {
    "street": "st", "road": "rd", "avenue": "ave", "lane": "ln", "drive": "dr", "court": "ct",
    "boulevard": "blvd", "place": "pl", "square": "sq", "terrace": "ter", "highway": "hwy",
    "parkway": "pkwy", "north": "n", "south": "s", "east": "e", "west": "w", "suite": "ste",
    "apartment": "apt", "building": "bldg", "floor": "fl", "crescent": "cres", "close": "cl",
    "gardens": "gdns", "strasse": "str", "platz": "pl", "between": "btw", "fifth": "5th",
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "sixth": "6th",
    "seventh": "7th", "eighth": "8th", "ninth": "9th", "tenth": "10th",
}  # fmt: skip
_NUMBER = r"[-+]?\d[\d .,'’]*\d|[-+]?\d"

_COMMA_DECIMAL = r",\d{1,2}$|\.\d{3}[,.]|^[-+]?\d+,\d{4,}$|^[-+]?0,\d"
_POINT_DECIMAL = r"\.\d{1,2}$|,\d{3}[,.]|\.\d{4,}$|^[-+]?0\.\d"
"""Numbers that can only have been written with a decimal comma, or point."""


def _null_if_empty(values: pl.Series) -> pl.Series:
    return values.set(values.str.len_chars() == 0, None)


def text(values: pl.Series) -> pl.Series:
    """Fold case, accents, HTML entities and punctuation; words are separated by one space."""
    has_entity = values.str.contains("&", literal=True).any()
    if has_entity:
        unique = values.drop_nulls().unique()
        known = {v: html.unescape(v) for v in unique.to_list() if "&" in v}
        values = values.replace(known)
    is_ascii = (values.str.len_bytes() == values.str.len_chars()).fill_null(True)
    if is_ascii.all():  # most columns of most tables, in a quarter of the time
        folded = values.str.to_lowercase().str.replace_all(r"['`]", "")
        folded = folded.str.replace_all(r"[^a-z0-9]+", " ")
    else:
        folded = values.str.normalize("NFKD").str.to_lowercase().str.replace_all(r"\p{M}", "")
        folded = folded.str.replace_many(list(_LETTERS), list(_LETTERS.values()))
        folded = folded.str.replace_all(r"['’`´]", "").str.replace_all(r"[^\p{L}\p{N}]+", " ")
    return _null_if_empty(folded.str.strip_chars())


def _replace_words(values: pl.Series, words: dict[str, str]) -> pl.Series:
    padded = (" " + values.str.replace_all(" ", "  ") + " ").str.replace_many(
        [f" {word.replace(' ', '  ')} " for word in words], [f" {v} " for v in words.values()]
    )
    return _null_if_empty(padded.str.replace_all(r" +", " ").str.strip_chars())


def organisation(values: pl.Series) -> pl.Series:
    """`text` with the legal form dropped, unless nothing else is left."""
    whole = _replace_words(text(values), _LEGAL_PHRASES)  # before the words that they hold
    folded = _replace_words(whole, _LEGAL_WORDS)
    bare = _replace_words(folded, dict.fromkeys(_LEGAL_SHORT, ""))
    return bare.fill_null(folded) if bare.null_count() else bare


def address(values: pl.Series) -> pl.Series:
    """`text` with street words and compass points in their common abbreviation."""
    return _replace_words(text(values), _ADDRESS)


def code(values: pl.Series) -> pl.Series:
    """Letters and digits only, lower case: ``PSLX-350 H`` and ``pslx350h`` become equal."""
    return _null_if_empty(values.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", ""))


def phone(values: pl.Series) -> pl.Series:
    """Digits only, without an international prefix of zeros."""
    return _null_if_empty(values.str.replace_all(r"\D+", "").str.strip_chars_start("0"))


def email(values: pl.Series) -> pl.Series:
    """Lower case without surrounding space."""
    return _null_if_empty(values.str.to_lowercase().str.strip_chars())


def numbers(values: pl.Series) -> pl.Series:
    """Return the first number in each value as ``Float64``; ``1.234,5`` and ``1,234.5`` agree.

    ``1.500`` and ``1,500`` are read as the other values of the column are, else as in English.
    """
    values = values.str.replace_all("−", "-", literal=True)
    raw = values.str.extract(f"({_NUMBER})", 1).str.replace_all(r"[ '’]", "")
    frame = pl.DataFrame({"raw": raw})
    comma_last = pl.col("raw").str.contains(_COMMA_DECIMAL)
    if raw.str.contains(_COMMA_DECIMAL).any() and not raw.str.contains(_POINT_DECIMAL).any():
        comma_last = comma_last | pl.col("raw").str.contains(r"^[-+]?\d+[.,]\d{3}$")
    european = pl.col("raw").str.replace_all(".", "", literal=True).str.replace(",", ".")
    plain = pl.col("raw").str.replace_all(",", "", literal=True)
    chosen = pl.when(comma_last).then(european).otherwise(plain).cast(pl.Float64, strict=False)
    return frame.select(chosen.alias("number")).to_series()


_DATE_FORMATS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y",
    "%m-%d-%Y", "%Y-%m", "%d%m%Y",
)  # fmt: skip
_COMPACT = ("%Y%m%d", "%d%m%Y")


_MONTHS = (
    "jan gen ene", "feb fev", "mar maart marz mrt mrz", "apr abr avr", "may mai mei mag",
    "jun giu juin", "jul lug juil", "aug ago aout", "sep set", "oct okt ott out",
    "nov", "dec dez dic",
)  # fmt: skip
"""Beginnings of the months' names in English, German, French, Spanish, Italian, Portuguese and
Dutch, without accents. The longest that fits counts, so that ``juin`` is not ``jul``."""
_NAMED = (
    r"^\d{1,2}(?:st|nd|rd|th|er|\.)?[ \-/.]*(?:de |d')?[a-z]{3,}[ \-/.,]*(?:de )?\d{2,4}$",
    r"^[a-z]{3,}\.? *\d{1,2}(?:st|nd|rd|th)?,? *\d{4}$",
)
_SHORT_YEAR = r"^(\d{1,2}[-/.]\d{1,2}[-/.])(\d\d)$"
_CENTURY = 30
"""Years of two digits up to this one are of the 21st century, as most of what is dated."""


def _with_month_numbers(values: pl.Series) -> pl.Series:
    """Rewrite ``18-Feb-87`` and ``18 de febrero de 1987`` as ``1987-02-18``; leave the rest."""
    folded = values.str.to_lowercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    frame = pl.DataFrame({"text": folded.str.strip_chars(), "given": values})
    text = pl.col("text")
    beginnings = sorted(
        ((word, n) for n, line in enumerate(_MONTHS, start=1) for word in line.split()),
        key=lambda item: len(item[0]),
    )
    month = pl.lit(None, dtype=pl.String)
    for word, number in beginnings:  # longer ones are asked first
        month = (
            pl.when(text.str.contains(rf"\b{word}[a-z]*|\d{word}[a-z]*"))
            .then(pl.lit(f"{number:02}"))
            .otherwise(month)
        )
    numbers = text.str.extract_all(r"\d+")
    day, year = numbers.list.first().str.zfill(2), numbers.list.last()
    century = (
        pl.when(year.cast(pl.Int32, strict=False) > _CENTURY)
        .then(pl.lit("19"))
        .otherwise(pl.lit("20"))
    )
    full = pl.when(year.str.len_chars() == 2).then(century + year).otherwise(year)
    is_named = text.str.contains("|".join(_NAMED)) & month.is_not_null()
    rewritten = pl.concat_str(full, month, day, separator="-")
    return frame.select(
        pl.when(is_named).then(rewritten).otherwise("given").alias("dates")
    ).to_series()


def _with_centuries(values: pl.Series) -> pl.Series:
    """Write ``18.02.87`` as ``18.02.1987``."""
    century = (
        pl.when(pl.col("text").str.extract(_SHORT_YEAR, 2).cast(pl.Int32) > _CENTURY)
        .then(pl.lit("19"))
        .otherwise(pl.lit("20"))
    )
    parts = [pl.col("text").str.extract(_SHORT_YEAR, n) for n in (1, 2)]
    full = pl.concat_str(parts[0], century, parts[1])
    return pl.DataFrame({"text": values}).select(pl.coalesce(full, "text")).to_series()


def date_formats(values: pl.Series) -> tuple[str, ...]:
    """Return the formats that at least 1% of the values are read by, the commonest first.

    Of the two without separators only the commoner: the other would read slips as dates.
    """
    head = _dates_alone(values)
    filled = max(head.len() - head.null_count(), 1)
    unread = {form: head.str.to_date(form, strict=False).null_count() for form in _DATE_FORMATS}
    ranked = sorted(_DATE_FORMATS, key=unread.__getitem__)  # stable: ties keep the order above
    ranked.remove(max(_COMPACT, key=ranked.index))
    return tuple(form for form in ranked if (len(head) - unread[form]) / filled >= 0.01)


def dates(values: pl.Series, formats: Sequence[str] | None = None) -> pl.Series:
    """Return dates in the first common format that fits most values; a bare year is 1 January.

    With ``formats`` in the first of these that fits each value.
    """
    head = _dates_alone(values)
    parsed = pl.Series([None] * len(values), dtype=pl.Date)
    for form in formats if formats is not None else date_formats(values):
        if parsed.null_count():
            parsed = parsed.fill_null(head.str.to_date(form, strict=False))
    if head.str.contains(SERIAL).mean() == 1:  # of those that are filled
        return _from_serials(head)
    years = head.str.extract(r"^\D*(1[5-9]\d\d|20\d\d|21\d\d)(?:\.0)?\D*$", 1)
    return parsed.fill_null((years + "-01-01").str.to_date(strict=False))


SERIAL = r"^(?:[1-7]\d{4}(?:\.\d+)?|\d{9,10}(?:\.\d+)?|\d{12,13})$"
"""Days of a spreadsheet (1927 to 2119), seconds or milliseconds since 1970 (from 1973)."""


def _from_serials(values: pl.Series) -> pl.Series:
    """Return the dates that counts of days since 30 December 1899, or seconds since 1970, name."""
    count = pl.col("count").str.extract(r"^(\d+)", 1).cast(pl.Int64)
    length = pl.col("count").str.extract(r"^(\d+)", 1).str.len_chars()
    seconds = pl.when(length > 11).then(count // 1000).otherwise(count)
    spreadsheet = pl.date(1899, 12, 30) + pl.duration(days=count)
    epoch = pl.date(1970, 1, 1) + pl.duration(days=seconds // 86_400)
    found = pl.when(length == 5).then(spreadsheet).otherwise(epoch).cast(pl.Date)
    return pl.DataFrame({"count": values}).select(found.alias("date")).to_series()


def _dates_alone(values: pl.Series) -> pl.Series:
    """Return values without times of day, months by their numbers."""
    head = values.str.strip_chars().str.replace(r"[T ]\d?\d:\d\d.*$", "")
    head = head.str.replace(r"^\p{L}{2,10}\.?, ?(\d)", "$1")  # the day of the week
    head = head.str.replace(r"^(\d{4})年(\d{1,2})月(\d{1,2})日$", "$1-$2-$3")
    head = _with_centuries(head) if head.str.contains(_SHORT_YEAR).any() else head
    return _with_month_numbers(head) if head.str.contains(r"[\p{L}]{3}").any() else head
