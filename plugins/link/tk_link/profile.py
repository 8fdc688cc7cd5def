"""What a column holds: how full, how distinct, which type, and whether it can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import polars as pl

from tk_link import normalise
from tk_link.comparing import measures
from tk_link.fields import FieldType
from tk_link.tables import Table
from tk_link.wording import concepts, is_id_name

Role = Literal["field", "id", "constant", "empty"]

_SAMPLE = 5_000
_ADDRESS_WORDS = (
    r"(?i)\b(street|st|road|rd|avenue|ave?|lane|ln|drive|dr|boulevard|blvd?|way|court|square|"
    r"highway|hwy|place|suite|rue|via|calle|avenida|platz|allee)\b|stra(ss|ß)e\b|weg\b|str\.|gasse\b"
)
_LEGAL_WORDS = (
    r"(?i)\b(inc|incorporated|corp|corporation|ltd|limited|llc|llp|plc|gmbh|mbh|ag|kg|sarl|s\.?a\.?s?|"
    r"s\.?r\.?l|s\.?p\.?a|b\.?v|n\.?v|oy|pty|co)\b\.?\s*$"
)
_EMAIL = r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$"
_PHONE = r"^\s*\+?[\d(][\d\s()./\-]{5,20}\d\s*(x\d+)?$"
_PLAIN_NUMBER = (
    r"^\s*[-+]?(?:EUR|USD|GBP|CHF|JPY|CAD|AUD|US|CA|AU)?\s?[^\w\s-]?\s?\d[\d.,' ]*\s?"
    r"(%|[^\W\d_]{0,3}|[^\w\s])\s*$"
)
_DATE = (
    r"^\s*(?:[A-Za-zÀ-ÿ]{2,10}\.?, ?)?(\d{4}年\d{1,2}月\d{1,2}日|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|"
    r"(1[5-9]|20|21)\d\d-(0?[1-9]|1[0-2])|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|"
    r"\d{1,2}(st|nd|rd|th|er|\.)?[ \-/.](de |d')?[A-Za-zÀ-ÿ]{3,10}"
    r"\.?[ \-/.,]{1,2}(de )?(\d\d){1,2}|"
    r"[A-Za-zÀ-ÿ]{3,10}\.? \d{1,2}(st|nd|rd|th)?,? \d{4})([T ]\d?\d:\d\d.*)?\s*$"
)
_SHORT_DATE = r"^\s*\d{1,2}[-/.]\d{1,2}[-/.]\d\d\s*$"
_YEAR = r"^\s*(1[5-9]|20|21)\d\d(\.0)?\W*$"
_COMPACT_DATE = (
    r"^\s*((1[89]|20)\d\d(0\d|1[0-2])([0-2]\d|3[01])|([0-2]\d|3[01])(0\d|1[0-2])(1[89]|20)\d\d)\s*$"
)
_BARE_DATES = (_COMPACT_DATE, _SHORT_DATE, normalise.SERIAL)
_LATLON = r"^\s*[-+]?\d{1,2}\.\d+\s*[,; ]\s*[-+]?\d{1,3}\.\d+\s*$"
_DATED = frozenset({"date", "birth", "death"})
"""What names of columns must speak of where values could be codes or versions as well."""


@dataclass(frozen=True)
class Profile:
    """One column, measured.

    Attributes:
        name: Column name.
        role: Whether the column can be compared, or why it can not.
        type: Inferred field type.
        filled: Share of rows with a value, 0..1.
        distinct: Distinct values over filled rows, 0..1.
        length: Mean number of characters of the filled values.
        concepts: What the column's name speaks of (`tk_link.wording`).
    """

    name: str
    role: Role
    type: FieldType
    filled: float
    distinct: float
    length: float
    concepts: frozenset[str]


def profile(table: Table) -> dict[str, Profile]:
    """Profile every column of a table; at most one column gets the role ``id``."""
    profiles = {name: profile_column(table.text[name]) for name in table.columns}
    for name, found in profiles.items():
        if found.role == "field" and _names_rows(table.text[name], found):
            profiles[name] = Profile(**{**vars(found), "role": "id"})
            break
    return profiles


def profile_column(values: pl.Series) -> Profile:
    """Measure one column; its role is never ``id``, which depends on the others."""
    filled = values.drop_nulls()
    share = len(filled) / max(len(values), 1)
    unique = filled.n_unique()
    role: Role = (
        "empty" if not len(filled) else "constant" if unique == 1 < len(filled) else "field"
    )
    sample = filled.sample(min(_SAMPLE, len(filled)), seed=0)
    mean = sample.str.len_chars().mean()
    return Profile(
        name=values.name,
        role=role,
        type=infer_type(values.name, sample, distinct=unique),
        filled=share,
        distinct=unique / max(len(filled), 1),
        length=float(mean) if isinstance(mean, int | float) else 0.0,
        concepts=concepts(values.name),
    )


def _names_rows(values: pl.Series, found: Profile) -> bool:
    if found.filled < 1 or found.distinct < 1 or len(values) < 2:
        return False
    if is_id_name(found.name):
        return True
    numbers = values.cast(pl.Int64, strict=False)
    if numbers.null_count():
        return False
    span = int(numbers.max()) - int(numbers.min())  # type: ignore[arg-type]
    return span == len(values) - 1  # a plain row counter, whatever it is called


def infer_type(name: str, sample: pl.Series, *, distinct: int) -> FieldType:
    """Infer a type from the column name and a sample of its filled values.

    ``distinct`` is the number of distinct values of the whole column.
    """
    if not len(sample):
        return "text"

    def share(pattern: str) -> float:
        return float(sample.str.contains(pattern).mean() or 0.0)  # type: ignore[arg-type]

    said = concepts(name)
    by_form = _by_form(said, share, is_key=sample.n_unique() > 0.3 * len(sample))
    if by_form == "date" and normalise.dates(sample).null_count() > 0.2 * len(sample):
        by_form = None  # months in a language that nothing here reads
    if by_form is not None:
        return by_form
    return _by_words(said, share, sample, distinct)


def _by_form(  # noqa: PLR0911 - one line a type reads best
    said: frozenset[str], share: _Share, *, is_key: bool
) -> FieldType | None:
    """Types that the spelling of the values gives away."""
    if share(_EMAIL) > 0.8:
        return "email"
    if share(_LATLON) > 0.9:
        return "geo"
    if share(_DATE) > 0.8 or share(_YEAR) > 0.95:
        return "date"
    if said & _DATED and max(map(share, _BARE_DATES)) > 0.95:
        return "date"
    if "phone" in said and share(r"(\d\D*){6}") > 0.5:
        return "phone"
    if share(r"^\s*0\d+\s*$") > 0.02 or ("postcode" in said and share(r"\d") > 0.5):
        return "code"
    if share(r"^\s*\d{5,}\s*$") > 0.9 and is_key:
        return "code"
    if share(_PLAIN_NUMBER) > 0.9 or share(f"{_PLAIN_NUMBER}|{measures.PATTERN}") > 0.9:
        return "number"
    if share(_PHONE) > 0.9:
        return "phone"
    return None


def _by_words(  # noqa: PLR0911 - a list of rules, the first that fits
    said: frozenset[str], share: _Share, sample: pl.Series, distinct: int
) -> FieldType:
    """Types told by the words inside the values and by the column's name."""
    lengths = sample.str.len_chars()
    tokens = float((sample.str.count_matches(r"\S+")).mean() or 0.0)  # type: ignore[arg-type]
    if share(r"\d") > 0.4 and share(_ADDRESS_WORDS) > 0.4:
        return "address"
    if tokens <= 2 and share(r"\d") > 0.7 and float(lengths.max() or 0) <= 30:  # type: ignore[arg-type]
        return "code"
    if "address" in said:
        return "address"
    if said & {"first", "last", "middle"} and tokens < 3:
        return "name"
    if "org" in said or share(_LEGAL_WORDS) > 0.15:
        return "org"
    if distinct <= max(2, min(200, 0.05 * len(sample))) and tokens < 8:
        return "category"
    return "text"


class _Share(Protocol):
    """Type of a function that gives the share of sampled values a pattern occurs in."""

    def __call__(self, pattern: str) -> float: ...
