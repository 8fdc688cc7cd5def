"""Two tables and which of their rows are the same thing, in memory and on disk."""

import csv
import random
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

Row = tuple[str, ...]
# What a row is about and what it says of it; two rows match when they are about the same.
View = tuple[Hashable, Row]


@dataclass(frozen=True)
class LinkSet:
    """A labelled link task; every row begins with its id.

    Attributes:
        left_columns: Column names of the left table, the id first.
        gold: Every matching pair of a left and a right id.
        columns: Which columns correspond, where names do not say it; several are joined by `+`.
            Written to `columns.csv` for tools that have to be told.
    """

    left_columns: Row
    right_columns: Row
    left: list[Row]
    right: list[Row]
    gold: list[tuple[str, str]]
    columns: tuple[tuple[str, str], ...] = ()


def linked(
    left_columns: Sequence[str],
    right_columns: Sequence[str],
    left: Iterable[View],
    right: Iterable[View],
    rng: random.Random,
    *,
    columns: tuple[tuple[str, str], ...] = (),
) -> LinkSet:
    """Shuffle both tables, number their rows, and derive the gold from what rows are about."""
    left, right = list(left), list(right)
    rng.shuffle(left)
    rng.shuffle(right)
    where = defaultdict(list)
    for number, (about, _) in enumerate(right):
        where[about].append(number)
    gold = [(f"a{i}", f"b{j}") for i, (about, _) in enumerate(left) for j in where[about]]
    rng.shuffle(gold)
    return LinkSet(
        ("id", *left_columns),
        ("id", *right_columns),
        [(f"a{i}", *row) for i, (_, row) in enumerate(left)],
        [(f"b{j}", *row) for j, (_, row) in enumerate(right)],
        gold,
        columns,
    )


def thinned(full: LinkSet, rate: float, rng: random.Random) -> LinkSet:
    """Keep `rate` of the matches; of every other matching pair drop one of the two rows."""
    gold = rng.sample(full.gold, len(full.gold))
    keep = round(len(gold) * rate)
    lost_left = {a for a, _ in gold[keep::2]}
    lost_right = {b for _, b in gold[keep + 1 :: 2]}
    return replace(
        full,
        left=[row for row in full.left if row[0] not in lost_left],
        right=[row for row in full.right if row[0] not in lost_right],
        gold=[(a, b) for a, b in full.gold if a not in lost_left and b not in lost_right],
    )


def load(folder: Path) -> LinkSet:
    """Read a link task from its three files."""
    left, right, gold = (read_rows(folder / f"{n}.csv") for n in ("left", "right", "matches"))
    return LinkSet(left[0], right[0], left[1:], right[1:], [(a, b) for a, b, *_ in gold[1:]])


def save(made: LinkSet, folder: Path) -> None:
    """Write the three files of a link task into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder / "left.csv", [made.left_columns, *made.left])
    write_rows(folder / "right.csv", [made.right_columns, *made.right])
    write_rows(folder / "matches.csv", [("left_id", "right_id"), *made.gold])
    if made.columns:
        write_columns(folder, made.columns)


def write_columns(folder: Path, columns: Iterable[tuple[str, str]]) -> None:
    write_rows(folder / "columns.csv", [("left", "right"), *columns])


def read_rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [tuple(row) for row in csv.reader(lines)]


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(rows)
