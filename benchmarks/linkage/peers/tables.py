"""What every peer needs: two tables with the same columns, and the file of accepted pairs.

A peer has to be told which columns correspond. It gets those of equal name, or, where a
`columns.csv` (`left,right`; several names joined by `+`) lies beside the left table, those.
"""

import sys
from pathlib import Path

import pandas as pd


def read_pair(left: Path, right: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read both tables as text, indexed by id, restricted to corresponding columns.

    Raises:
        SystemExit: The tables have no column in common.
    """
    a, b = (pd.read_csv(path, dtype=str, keep_default_na=False) for path in (left, right))
    a, b = a.set_index(a.columns[0]), b.set_index(b.columns[0])
    told = left.with_name("columns.csv")
    if told.exists():
        pairs = pd.read_csv(told, dtype=str).itertuples(index=False)
        named = [(str(x).split("+"), str(y).split("+")) for x, y in pairs]
    else:
        named = [([c], [c]) for c in a.columns if c in set(b.columns)]
    if not named:
        raise SystemExit("no column of equal name")
    names = ["_".join(x) for x, _ in named]
    sides = ((a, [x for x, _ in named]), (b, [y for _, y in named]))
    left_table, right_table = (
        pd.DataFrame({n: joined(t, cs) for n, cs in zip(names, columns, strict=True)})
        for t, columns in sides
    )
    return left_table, right_table


def read_one(path: Path) -> pd.DataFrame:
    """Read a table as text in lower case, indexed by its first column."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table = table.set_index(table.columns[0])
    return pd.DataFrame({name: joined(table, [name]) for name in table.columns})


def joined(table: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Join columns with a space; lower case, because every tool's documentation advises it."""
    text = table[columns[0]].str.cat([table[c] for c in columns[1:]], sep=" ")
    return text.str.strip().str.lower()


def sentences(table: pd.DataFrame) -> pd.Series:
    """Join all columns of a row into one text."""
    return table.apply(" ".join, axis=1).str.split().str.join(" ")


def write_pairs(pairs: pd.DataFrame, out: Path) -> None:
    """Write `left_id`, `right_id` and, where the peer has one, `match_probability`."""
    pairs.to_csv(out, index=False)


def greedy_one_to_one(pairs: pd.DataFrame) -> pd.DataFrame:
    """Keep the most probable pairs in which neither row was taken before."""
    ranked = pairs.sort_values("match_probability", ascending=False, kind="stable")
    taken_left: set[str] = set()
    taken_right: set[str] = set()
    kept = []
    for left, right in zip(ranked.left_id, ranked.right_id, strict=True):  # accepted pairs only
        free = left not in taken_left and right not in taken_right
        kept.append(free)
        if free:
            taken_left.add(left)
            taken_right.add(right)
    return ranked[kept]


def paths() -> tuple[Path, Path, Path]:
    """Return the three arguments of a peer: left table, right table, output."""
    left, right, out = map(Path, sys.argv[1:4])
    return left, right, out
