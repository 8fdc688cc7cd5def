"""One side of a linkage that goes on: all rows of its files, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from tk.errors import UsageError
from tk_link.columns import check_known, check_unique
from tk_link.computed import parts_of
from tk_link.config import LinkConfig
from tk_link.dedupe.naming import id_column, profile_stacked, row_names
from tk_link.dedupe.stack import stack_labelled
from tk_link.state.arriving import Source
from tk_link.tables import Table


@dataclass(frozen=True)
class Side:
    """The rows of one side, oldest file first.

    Attributes:
        table: What is compared: all columns but the one that names the rows of each file, where
            files use the same names for different rows.
        shown: What is written: all columns, with the name of the row's file in front.
        names: What each row is called, ``crm.csv:17``; unique.
        own: What it is called in its own file; null where nothing names it.
        ids: What the output calls it.
        id_column: Column that names the rows of each file, if there is one.
    """

    table: Table
    shown: Table
    names: pl.Series
    own: pl.Series
    ids: pl.Series
    id_column: str | None

    def __len__(self) -> int:
        return len(self.table)


def side_of(sources: Sequence[Source], which: str, config: LinkConfig) -> Side:
    """Put the files of a side under one another.

    Raises:
        InputError: The column that is to name rows is missing, blank or repeats in a file.
        UsageError: There are no files.
    """
    if not sources:
        example = "tk link left.csv right.csv --state …"
        raise UsageError(f"the state holds no {which} rows yet; name a table: {example}")
    given = config.left_id if which == "left" else config.right_id
    stacked = stack_labelled([source.table for source in sources])
    shown, label = stacked.table, str(stacked.source)
    plain = replace(shown, frame=shown.frame.drop(label), text=shown.text.drop(label))
    if given is not None:
        check_known(given, plain)
        for source in sources:
            check_unique(given, source.table)
    column: str | None = given or id_column(profile_stacked(shown, label))
    names = row_names(shown, column, label)
    if column is None:
        return Side(plain, shown, names, names.clear(len(names)), names, None)
    own = plain.text[column]
    if own.is_unique().all():
        return Side(plain, shown, names, own, own, column)
    on = [pair[0 if which == "left" else 1] for pair in config.on or ()]
    compared = parts_of(on, plain)
    if column not in compared:
        plain = replace(plain, frame=plain.frame.drop(column), text=plain.text.drop(column))
    return Side(plain, shown, names, own, names, column)
