"""What a column holds, judged from its values: what a careful user of a peer would look at."""

from typing import Literal

import pandas as pd

Kind = Literal["empty", "date", "category", "short", "long"]
ISO_DATE = r"\d{4}-\d{2}-\d{2}"


def kind_of(left: pd.Series, right: pd.Series) -> Kind:
    """Return what kind of values a column holds; `category` repeats each value often."""
    values = pd.concat([left[left != ""], right[right != ""]])
    if values.empty or left.eq("").all() or right.eq("").all():
        return "empty"
    if values.str.fullmatch(ISO_DATE).mean() > 0.8:
        return "date"
    if values.nunique() <= max(20, 0.01 * len(values)):
        return "category"
    return "short" if values.str.len().median() <= 30 else "long"


def kinds(left: pd.DataFrame, right: pd.DataFrame) -> dict[str, Kind]:
    """Return the kind of each column that holds values on both sides."""
    found = {name: kind_of(left[name], right[name]) for name in left.columns}
    return {name: kind for name, kind in found.items() if kind != "empty"}


def block_pairs(left: pd.Series, right: pd.Series) -> int:
    """Count the pairs of rows that agree on a key; an empty key agrees with nothing."""
    a, b = left[left != ""].value_counts(), right[right != ""].value_counts()
    both = a.index.intersection(b.index)
    return int((a[both] * b[both]).sum())


def pairs_within(key: pd.Series) -> int:
    """Count the pairs of different rows of one table that agree on a key."""
    sizes = key[key != ""].value_counts()
    return int((sizes * (sizes - 1) // 2).sum())
