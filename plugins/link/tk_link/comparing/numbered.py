"""Numbers that name one of a series: ``iPhone 12``, ``2nd edition``, ``Part II``, years.

A number belongs to the word before it, so that ``version 2`` never meets ``season 3``.
"""

from __future__ import annotations

import polars as pl

_SPELLING = {
    r"#\d+\.\d+": " ",  # season and episode, or chapter and section: which of them is not said
    r"\b(?:volume|vol)\b\.?": "vol",
    r"\b(?:version|ver|v|rev|revision|release)\b\.? ?(\d)": "version $1",
    r"\bv(\d+(?:\.\d+)*)\b": "version $1",
    r"\b(\d+)(?:st|nd|rd|th) (edition|ed|gen|generation)\b\.?": "$2 $1",
    r"\b(?:edition|edn|ed)\b\.?": "edition",
    r"\b(?:generation|gen)\b\.?": "generation",
    r"\b(?:number|no|nr)\b\.? ?(\d)": "number $1",
    r"\b(?:part|pt|teil)\b\.?": "part",
    r"\b(?:chapter|chap)\b\.?": "chapter",
}
_ROMAN = {
    "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10,
}  # fmt: skip
_SERIES = "vol|version|edition|generation|part|chapter|series|season|phase|mark|mk|book|act"
"""Words after which single letters are Roman numbers; two and more letters are so anywhere."""
_PATTERN = (
    r"\b(\p{L}\p{L}+)(?:[ .:#(-]{1,3}(\d{1,6}(?:\.\d+)?)|(\d\d?))(?:[^\p{L}\d./'-]|[.-](?:\D|$)|$)"
)
"""A word and a number; without a space between them two digits at most, more would be a code."""
_ROMAN_PATTERN = (
    rf"\b(?:(?:({_SERIES}) (i|v|x))|(?:(\p{{L}}\p{{L}}+) (ii|iii|iv|vi|vii|viii|ix)))\b"
)
_YEAR = r"\b(19[5-9]\d|20[0-4]\d)\b"


def numbered(texts: pl.Series) -> pl.DataFrame:
    """Return the numbers behind words in lower-case texts, and years, each once.

    Returns:
        Columns ``row``, ``kind`` (``number``, ``year``), ``word`` and ``value``.
    """
    plain = texts
    for pattern, spelling in _SPELLING.items():
        plain = plain.str.replace_all(pattern, spelling)
    group = pl.col("text").str.extract
    digits = _found(plain, _PATTERN).select(
        "row",
        word=group(_PATTERN, 1),
        value=pl.coalesce(group(_PATTERN, 2), group(_PATTERN, 3)).cast(pl.Float64, strict=False),
    )
    first, second = group(_ROMAN_PATTERN, 1), group(_ROMAN_PATTERN, 3)
    roman = _found(plain, _ROMAN_PATTERN).select(
        "row",
        word=pl.coalesce(first, second),
        value=pl.coalesce(group(_ROMAN_PATTERN, 2), group(_ROMAN_PATTERN, 4)).replace_strict(
            _ROMAN, default=None, return_dtype=pl.Float64
        ),
    )
    years = _found(plain, _YEAR).select(
        "row", word=pl.lit(""), value=pl.col("text").cast(pl.Float64)
    )
    is_year = pl.col("value").is_between(1950, 2049)
    numbers = pl.concat([digits, roman]).filter(~is_year)
    return (
        pl.concat(
            [
                numbers.with_columns(kind=pl.lit("number")),
                years.with_columns(kind=pl.lit("year")),
            ]
        )
        .drop_nulls()
        .select("row", "kind", "word", "value")
        .unique(maintain_order=True)
    )


def _found(texts: pl.Series, pattern: str) -> pl.DataFrame:
    return (
        pl.DataFrame({"text": texts})
        .with_row_index("row")
        .select(pl.col("row").cast(pl.Int64), pl.col("text").str.extract_all(pattern))
        .explode("text")
        .drop_nulls()
    )
