"""A sample as a workbook that somebody fills in, and back.

Each row has a key made of its two ids. A row counts only if its key is one of the sample's and its
ids still are those of the key: what was edited, or comes from another run, is named and left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from tk.errors import InputError
from tk_link.auditing.judgements import Judgement, Pair
from tk_link.auditing.rows import Shown
from tk_link.tables import Table

_COLUMNS = ("judgement", "left_id", "right_id", "key")
_MEANS: dict[str, Judgement] = {
    **dict.fromkeys(("y", "yes", "1", "true", "match"), "y"),
    **dict.fromkeys(("n", "no", "0", "false", "distinct"), "n"),
    **dict.fromkeys(("u", "unsure", "?"), "u"),
}


@dataclass(frozen=True)
class Filled:
    """What a workbook says: judgements, rows left open, and lines on rows that do not count."""

    judged: dict[Pair, Judgement]
    blank: int
    refused: tuple[str, ...]


def sheet_frame(pairs: Sequence[Pair], shown: Shown, known: dict[Pair, Judgement]) -> pl.DataFrame:
    """Return the sample, left beside right column, with a column to fill in at the front."""
    data: dict[str, list[str | None]] = {
        "judgement": [known.get(pair, "") for pair in pairs],
        "left_id": [pair[0] for pair in pairs],
        "right_id": [pair[1] for pair in pairs],
    }
    lefts = [shown.left.row(pair[0]) for pair in pairs]
    rights = [shown.right.row(pair[1]) for pair in pairs]
    for side, names, rows in (
        ("left", shown.left.columns, lefts),
        ("right", shown.right.columns, rights),
    ):
        for at, name in enumerate(names):
            data[f"{side}: {name}"] = [row[at] for row in rows]
    order = [
        *_COLUMNS[:3],
        *sorted(
            (name for name in data if ": " in name),
            key=lambda name: _beside(name, shown),
        ),
    ]
    frame = pl.DataFrame(
        {name: data[name] for name in order}, schema=dict.fromkeys(order, pl.String)
    )
    return frame.with_columns(key=pl.Series([key_of(pair) for pair in pairs]))


def key_of(pair: Pair) -> str:
    """Return what marks the row of a pair."""
    return hashlib.sha256("\0".join(pair).encode()).hexdigest()[:12]


def read_filled(table: Table, pairs: Sequence[Pair]) -> Filled:
    """Read a filled workbook, or a csv made of it.

    Raises:
        InputError: It is no such sheet, or no row of it belongs to this sample.
    """
    missing = [name for name in _COLUMNS if name not in table.columns]
    if missing:
        raise InputError(
            f"{table.name} is no sheet of tk audit: column {missing[0]!r} is missing; "
            "write one with --sheet, and leave its columns as they are"
        )
    sample = {key_of(pair): pair for pair in pairs}
    judged: dict[Pair, Judgement] = {}
    refused, blank, ours = [], 0, 0
    rows = table.text.select(*_COLUMNS).rows()
    for number, (said, left, right, key) in enumerate(rows, start=2):  # a sheet of judgements
        pair = sample.get(key or "")
        ours += pair is not None
        if said is None:
            blank += 1
        elif pair is None:
            refused.append(f"row {number} ({left}, {right}) is not of this sample; not counted")
        elif (left, right) != pair:
            refused.append(f"row {number}: its ids were {pair[0]}, {pair[1]}; not counted")
        elif said.strip().lower() not in _MEANS:
            refused.append(f"row {number}: {said!r} is none of y, n, u; not counted")
        elif judged.setdefault(pair, _MEANS[said.strip().lower()]) != _MEANS[said.strip().lower()]:
            refused.append(f"row {number} contradicts another row of its pair; the first counts")
    if not ours:
        raise InputError(
            f"{table.name}: none of its {len(rows):,} rows is of this sample; it was written for "
            "other pairs, or with another --size or --seed"
        )
    return Filled(judged, blank, tuple(refused))


def _beside(name: str, shown: Shown) -> tuple[int, int]:
    """Order columns so that those of one name stand side by side, as in the left table."""
    side, _, column = name.partition(": ")
    names = [*shown.left.columns, *(c for c in shown.right.columns if c not in shown.left.columns)]
    return names.index(column), int(side == "right")
