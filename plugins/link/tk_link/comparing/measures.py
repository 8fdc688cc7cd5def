"""Numbers that carry their units, in one unit: ``1.5 kg``, ``1500 g`` and ``3 lb`` in one column.

A column is read so where most of its values carry units of one dimension and the units differ. All
are brought to its commonest unit, so that numbers of a column with one unit stay as written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from tk_link import normalise
from tk_link.comparing import sizes

_SAMPLE = 2_000
_MOST = 0.5
"""Least share of the filled values that must carry a unit of the dimension."""
_QUANTITY = (
    rf"^[^\p{{L}}\d]*\d[\d.,'’ ]*(?: ?\d/\d\d?)?[ -]?(?:({'|'.join(sizes.NAMES)})s?\.?|([\"']))$"
)

PATTERN = rf"(?i)^\s*[^\w\s-]?\s?\d[\d.,'’ ]*[ -]?(?:fl\.? ?oz|{'|'.join(sizes.NAMES)})s?\.?\s*$"
"""A number and a unit, as they are written."""


@dataclass(frozen=True)
class Units:
    """The units of a column.

    Attributes:
        commonest: The unit that numbers are given in.
        names: All units that were seen.
        factors: What a number in each dimension's commonest unit counts in that dimension.
    """

    commonest: str
    names: tuple[str, ...]
    factors: Mapping[str, float]


def numbers(values: pl.Series) -> pl.Series:
    """Return `normalise.numbers`, in the commonest unit where units differ; no unit is that one."""
    plain = normalise.numbers(values)
    found = units(values)
    if found is None or len(found.names) == 1:
        return plain
    dimension = next(iter(found.factors))
    factors = {name: _factor(name, dimension) for name in found.names}
    base = factors[found.commonest]
    scale = _unit(values).replace_strict(factors, default=base, return_dtype=pl.Float64) / base
    return (plain * scale.fill_null(1.0)).round_sig_figs(12)


def units(values: pl.Series) -> Units | None:
    """Return the units of a column; None where most values carry none, or of no one dimension."""
    filled = values.drop_nulls()
    head = filled.sample(min(_SAMPLE, len(filled)), seed=0)
    if not head.str.contains(r"\d[ -]?[\p{L}\"'’”″]").any():  # what most columns of numbers are
        return None
    counts = _unit(filled).drop_nulls().value_counts(sort=True)
    seen = dict(counts.sort("count", counts.columns[0], descending=[True, False]).iter_rows())
    shares = {
        dimension: sum(n for name, n in seen.items() if name in names) / max(len(filled), 1)
        for dimension, names in sizes.UNITS.items()
    }
    good = sorted((d for d, share in shares.items() if share > _MOST), key=lambda d: -shares[d])
    if not good:
        return None
    first = next(name for name in seen if name in sizes.UNITS[good[0]])
    factors = {d: sizes.UNITS[d][first] for d in good if first in sizes.UNITS[d]}
    return Units(first, tuple(seen), factors)


def ratio(left: pl.Series, right: pl.Series) -> float:
    """Return what `numbers` of the right column are multiplied with to be in the left one's unit.

    1 where one of the two carries no units, or theirs are of different dimensions.
    """
    a, b = units(left), units(right)
    if a is None or b is None:
        return 1.0
    shared = [dimension for dimension in a.factors if dimension in b.factors]
    return b.factors[shared[0]] / a.factors[shared[0]] if shared else 1.0


def is_read(left: pl.Series, right: pl.Series) -> bool:
    """Tell whether two columns are compared with their units, which differ."""
    several = [found is not None and len(found.names) > 1 for found in (units(left), units(right))]
    return any(several) or ratio(left, right) != 1.0


def _unit(values: pl.Series) -> pl.Series:
    """Return the unit of each value that is a number and a unit, else null."""
    text = sizes.spelled(values.str.strip_chars())
    return text.str.extract(_QUANTITY, 1).fill_null(text.str.extract(_QUANTITY, 2))


@lru_cache(maxsize=512)
def _factor(name: str, dimension: str) -> float:
    """Return a unit's size in `dimension`, else in the first dimension that has it."""
    if name in sizes.UNITS[dimension]:
        return float(sizes.UNITS[dimension][name])
    return next(float(names[name]) for names in sizes.UNITS.values() if name in names)
