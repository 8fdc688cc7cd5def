"""Splink's settings derived from the columns: comparisons, blocking rules, training rules."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pandas as pd
import splink.comparison_library as cl
from columns import Kind, block_pairs, pairs_within
from splink import block_on

# Pairs that one blocking rule may bring; Splink's advice for a laptop is tens of millions in all.
MAX_PAIRS = 2_000_000


def splink_comparison(name: str, kind: Kind) -> Any:
    """Choose the comparison of a column as Splink's guide does."""
    if kind == "date":
        return cl.DateOfBirthComparison(name, input_is_string=True)
    if kind == "category":
        return cl.ExactMatch(name).configure(term_frequency_adjustments=True)
    thresholds = [0.95, 0.88, 0.75]
    compared = cl.JaroWinklerAtThresholds(name, thresholds)
    return compared.configure(term_frequency_adjustments=kind == "short")


def keys(table: pd.DataFrame, names: tuple[str, ...], length: int | None) -> pd.Series:
    """Return the blocking key of each row: columns, or their first letters, joined."""
    parts = [table[n] if length is None else table[n].str[:length] for n in names]
    filled = pd.concat([table[n] != "" for n in names], axis=1).all(axis=1)
    return parts[0].str.cat(parts[1:], sep="\t").where(filled, "")


def rule(names: tuple[str, ...], length: int | None) -> Any:
    """Return the blocking rule of whole columns or of their first letters."""
    return block_on(*(n if length is None else f"substr({n}, 1, {length})" for n in names))


def prediction_rules(
    left: pd.DataFrame, right: pd.DataFrame, known: Mapping[str, Kind]
) -> list[Any]:
    """Return every single column, prefix and pair of columns that brings a bearable number."""
    rules, open_names = [], []
    for name in known:
        sizes = {n: pairs_of(left, right, (name,), n) for n in (4, 6, None)}
        fitting = [n for n, pairs in sizes.items() if 0 < pairs <= MAX_PAIRS]
        if fitting:
            rules.append(rule((name,), fitting[0]))
        else:
            open_names.append(name)
    for names in combinations(known, 2):
        if set(names) & set(open_names) and 0 < pairs_of(left, right, names, None) <= MAX_PAIRS:
            rules.append(rule(names, None))
    return rules


def pairs_of(
    left: pd.DataFrame, right: pd.DataFrame, names: tuple[str, ...], length: int | None
) -> int:
    """Count the pairs that a rule brings: of two tables, or of different rows of one."""
    if left is right:
        return pairs_within(keys(left, names, length))
    return block_pairs(keys(left, names, length), keys(right, names, length))


def deterministic_rules(
    left: pd.DataFrame, right: pd.DataFrame, known: Mapping[str, Kind]
) -> list[Any]:
    """Return pairs of the four most selective columns: agreement on both is nearly proof."""
    names = sorted(known, key=lambda name: pairs_of(left, right, (name,), None) or 10**12)[:4]
    pairs = list(combinations(names, 2)) or [tuple(names)]
    return [rule(pair, None) for pair in pairs if pairs_of(left, right, pair, None)]


def training_rules(left: pd.DataFrame, right: pd.DataFrame, known: Mapping[str, Kind]) -> list[Any]:
    """Return one rule for each column that brings pairs; Splink averages what they teach.

    Of five generic choices this had the best mean F1 with one-to-one (benchmarks/README.md).
    """
    sizes = {name: pairs_of(left, right, (name,), None) for name in known}
    return [rule((name,), None) for name, pairs in sizes.items() if 0 < pairs <= MAX_PAIRS]
