"""Sizes inside text: numbers with a unit, brought to one unit a dimension.

``12 oz`` and ``355 ml``, ``1 TB`` and ``1000 GB``, ``22-1/2"`` and ``57 cm``, ``pack of 6`` and
``6 x 330 ml`` can then be compared. A unit that means several things (``oz``, ``'``) is
read as each.
"""

from __future__ import annotations

import re

import polars as pl

NEAR = 0.03
"""Share by which two sizes may differ and still be one: 355 ml are 12.004 oz, 1 TB is 1024 GB."""

UNITS: dict[str, dict[str, float]] = {
    "storage": {"kb": 1e-3, "mb": 1, "gb": 1e3, "tb": 1e6},
    "volume": {
        "ml": 1, "cl": 10, "dl": 100, "l": 1e3, "liter": 1e3, "litre": 1e3, "ltr": 1e3,
        "oz": 29.57, "floz": 29.57, "ounce": 29.57, "pint": 473.2, "qt": 946.4, "quart": 946.4,
        "gal": 3785, "gallon": 3785, "cuft": 28317,
    },
    "weight": {
        "mg": 1e-3, "g": 1, "gr": 1, "gram": 1, "kg": 1e3, "kilo": 1e3, "oz": 28.35,
        "ounce": 28.35, "lb": 453.6, "pound": 453.6,
    },
    "length": {
        "mm": 1, "cm": 10, "m": 1e3, "in": 25.4, "inch": 25.4, "inche": 25.4, '"': 25.4,
        "ft": 304.8, "feet": 304.8, "foot": 304.8, "yd": 914.4, "yard": 914.4,
    },
    "power": {"w": 1, "watt": 1, "kw": 1e3},
    "voltage": {"v": 1, "volt": 1, "vac": 1, "vdc": 1},
    "frequency": {"hz": 1e-6, "khz": 1e-3, "mhz": 1, "ghz": 1e3},
    "capacity": {"mah": 1, "ah": 1e3},
    "resolution": {"mp": 1, "mpx": 1, "megapixel": 1},
    "pack": {
        "pack": 1, "pk": 1, "ct": 1, "count": 1, "pcs": 1, "pc": 1, "piece": 1,
        "stuck": 1, "stk": 1,
    },
}  # fmt: skip
_SHOWN = {
    "storage": "MB", "volume": "ml", "weight": "g", "length": "mm", "power": "W", "voltage": "V",
    "frequency": "MHz", "capacity": "mAh", "resolution": "MP", "pack": "pack",
}  # fmt: skip
_FEET_OR_INCHES = "'"
"""Feet by the book, inches where a double mark was lost on the way: read as both."""

_SPELLING = {
    r"[”″“]|''|’’": '"',
    "[’′`´]": "'",
    r"\bfl(?:uid)?\.? ?(?:oz|ounces?)\b": "floz",
    r"\bcu(?:bic)?\.?[ -]?(?:ft|foot|feet)\b": "cuft",
    r"\b(?:pack|set|box|case) of (\d+)\b": "$1 pack",
    r"\b(\d+) ?[x×] ?(\d[\d.,]* ?(?:ml|cl|dl|l|g|kg|oz|floz)\b)": "$1 pack $2",
    r"\d[\d.,]* ?%": " ; ",
    r"(^|[^\d])\.(\d)": "${1}0.$2",
    r"\b0,(\d)": "0.$1",
    r"(\d),(\d{3})\b": "$1$2",
    r"(\d),(\d)": "$1.$2",
}
NAMES = sorted(
    {name for units in UNITS.values() for name in units if name != '"'}, key=len, reverse=True
)
_UNIT = "|".join(re.escape(name) for name in NAMES)
PATTERN = (
    rf"(?:^|[^\p{{L}}\d.-])(\d+(?:\.\d+)?)(?:[- ](\d)/(\d\d?))?[ -]?(?:((?:{_UNIT})s?)\b|([\"']))"
)
"""A number, perhaps a fraction, and a unit or a mark for inches or feet; not inside a code."""


def spelled(texts: pl.Series) -> pl.Series:
    """Return texts in lower case with one spelling of marks, packs and decimal points."""
    out = texts.str.to_lowercase()
    for pattern, plain in _SPELLING.items():
        out = out.str.replace_all(pattern, plain)
    return out


def sizes(texts: pl.Series) -> pl.DataFrame:
    """Return the sizes in `spelled` texts, each once, in the first unit of their dimension.

    Returns:
        Columns ``row``, ``kind`` (``size: volume``, …), ``word`` (the unit) and ``value``.
    """
    found = (
        pl.DataFrame({"text": texts})
        .with_row_index("row")
        .select(pl.col("row").cast(pl.Int64), pl.col("text").str.extract_all(PATTERN))
        .explode("text")
        .drop_nulls()
    )
    group = pl.col("text").str.extract
    number = [group(PATTERN, n).cast(pl.Float64, strict=False) for n in (1, 2, 3)]
    unit = pl.coalesce(group(PATTERN, 4).str.strip_chars_end("s"), group(PATTERN, 5))
    read = found.select(
        "row",
        number=number[0] + (number[1] / number[2]).fill_nan(None).fill_null(0.0),
        unit=unit.fill_null(group(PATTERN, 4)),
    )
    return (
        read.join(_TABLE, on="unit")
        .select("row", "kind", "word", value=pl.col("number") * pl.col("factor"))
        .filter(pl.col("value") > 0, pl.col("value").is_finite())
        .unique(maintain_order=True)
    )


def _table() -> pl.DataFrame:
    rows = [
        (name, f"size: {dimension}", _SHOWN[dimension], factor)
        for dimension, units in UNITS.items()
        for name, factor in units.items()
    ]
    rows += [(_FEET_OR_INCHES, "size: length", "mm", factor) for factor in (25.4, 304.8)]
    return pl.DataFrame(rows, schema=["unit", "kind", "word", "factor"], orient="row")


_TABLE = _table()
