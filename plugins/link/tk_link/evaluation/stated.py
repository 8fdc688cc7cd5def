"""What a file states, in one form whatever its layout: pairs, or a cluster for each row."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from tk.errors import InputError
from tk_link.evaluation import columns
from tk_link.evaluation.columns import Kind
from tk_link.linkage import ACCEPTED
from tk_link.tables import Table

_YES, _NO = ("1", "y", "yes", "true", "t", "match"), ("0", "n", "no", "false", "f", "distinct")


@dataclass(frozen=True)
class Pairs:
    """Stated pairs.

    Attributes:
        name: The file.
        frame: ``left``, ``right`` (text), ``probability`` (null where none is stated),
            ``is_accepted``, each pair once.
        is_within: Whether both ids are of one table; None where the file does not say.
        labelled: ``left``, ``right`` of every pair that was judged, where only some were.
        notes: What a person should know of the reading.
    """

    name: str
    frame: pl.DataFrame
    is_within: bool | None = None
    labelled: pl.DataFrame | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clusters:
    """Stated clusters: ``id`` and ``cluster`` of each row, as text."""

    name: str
    frame: pl.DataFrame
    notes: tuple[str, ...] = ()


Stated = Pairs | Clusters


def read_truth(table: Table, *, kind: Kind | None, names: tuple[str, str] | None) -> Stated:
    """Understand a file of true pairs or clusters; pairs may be labelled true and false.

    Raises:
        InputError: It states neither, or nothing.
        NotFoundError: A column that was named is not there.
    """
    columns.check_columns(table, names)
    kind = kind or columns.kind_of(table)
    if kind == "clusters":
        return _clusters(table, names, None)
    pair = names or columns.named_pair(table) or (table.columns[0], table.columns[1])
    stated = _pairs(table, pair)
    label = columns.label_column(table) if len(table.columns) > 2 else None
    if label is None or label in pair:
        return stated
    said = table.text[label].str.to_lowercase().str.strip_chars()
    known = said.is_in(_YES) | said.is_in(_NO)
    if not known.any():
        return stated
    labelled = _pairs(table, pair, known.fill_null(False))
    note = f"{table.name}: {label!r} labels {len(labelled.frame):,} pairs; others are not counted"
    true = _pairs(table, pair, said.is_in(_YES).fill_null(False))
    return Pairs(
        true.name,
        true.frame,
        labelled=labelled.frame.select("left", "right"),
        notes=(*true.notes, note),
    )


def read_predicted(
    table: Table, truth: Stated, *, kind: Kind | None, names: tuple[str, str] | None
) -> Stated:
    """Understand what a run wrote: pairs, a joined table, clusters, or a plain file of these.

    Raises:
        InputError: It states neither pairs nor clusters, or no column holds the truth's ids.
        NotFoundError: A column that was named is not there.
    """
    columns.check_columns(table, names)
    kind = kind or columns.kind_of(table)
    if kind == "clusters":
        return _clusters(table, names, ids_of(truth))
    pair = names or columns.named_pair(table)
    if pair is None and columns.PROBABILITY not in table.columns:
        pair = (table.columns[0], table.columns[1])
    if pair is None:
        left, right = (
            (truth.frame["left"], truth.frame["right"])
            if isinstance(truth, Pairs)
            else (truth.frame["id"],) * 2
        )
        pair = columns.joined_ids(table, left, right)
        read = _pairs(table, pair)
        note = f"{table.name}: ids read from columns {pair[0]!r} and {pair[1]!r}"
        return Pairs(read.name, read.frame, is_within=False, notes=(*read.notes, note))
    return _pairs(table, pair)


def ids_of(stated: Stated) -> pl.Series:
    """Return every id that occurs, each once."""
    if isinstance(stated, Clusters):
        return stated.frame["id"].unique()
    return pl.concat([stated.frame["left"], stated.frame["right"]]).unique()


def _pairs(table: Table, pair: tuple[str, str], only: pl.Series | None = None) -> Pairs:
    text = table.text if only is None else table.text.filter(only)
    left, right = pair
    frame = text.select(
        left=pl.col(left),
        right=pl.col(right),
        probability=_probability(table, text),
        is_accepted=(
            pl.col(columns.STATUS).is_in(ACCEPTED)
            if columns.STATUS in text.columns
            else pl.lit(value=True)
        ),
    ).drop_nulls(["left", "right"])
    once = frame.sort("is_accepted", "probability", descending=True, nulls_last=True).unique(
        ["left", "right"], keep="first", maintain_order=True
    )
    twice = len(frame) - len(once)
    notes = (f"{table.name}: {twice:,} pairs stand in it twice and count once",) if twice else ()
    if only is None and once.is_empty():
        raise InputError(f"{table.name} states no pair: {left!r} or {right!r} is empty in each row")
    is_linked = "match_score" in table.columns or None
    return Pairs(table.name, once, is_within=False if is_linked else None, notes=notes)


def _probability(table: Table, text: pl.DataFrame) -> pl.Expr:
    """Return the stated probabilities, null where there are none.

    Raises:
        InputError: One is no number, or not between 0 and 1.
    """
    if columns.PROBABILITY not in text.columns:
        return pl.lit(None, dtype=pl.Float64)
    said = text[columns.PROBABILITY]
    number = said.cast(pl.Float64, strict=False)
    wrong = said.filter(said.is_not_null() & ~number.is_between(0, 1).fill_null(False))
    if len(wrong):
        raise InputError(
            f"{table.name}: {columns.PROBABILITY} is {wrong[0]!r} in {len(wrong):,} rows; "
            "it must lie between 0 and 1"
        )
    return pl.lit(number)


def _clusters(table: Table, names: tuple[str, str] | None, ids: pl.Series | None) -> Clusters:
    if names is not None:
        row, cluster = names
    else:
        found = columns.cluster_column(table)
        if found is None:
            found = table.columns[-1]
        row, cluster = columns.row_ids(table, found, ids), found
    frame = table.text.select(id=pl.col(row), cluster=pl.col(cluster)).drop_nulls("id")
    frame = frame.with_columns(pl.col("cluster").fill_null("\0" + pl.col("id")))  # alone
    twice = frame.filter(pl.col("id").is_duplicated())["id"]
    if len(twice):
        raise InputError(
            f"{table.name}: {twice[0]!r} and {twice.n_unique() - 1:,} more ids of {row!r} name "
            "several rows, so their cluster is not clear; name a unique column with --pred-columns "
            "ID,CLUSTER or --truth-columns, or is this a file of pairs (--pred-kind, --truth-kind)?"
        )
    return Clusters(table.name, frame, (f"{table.name}: rows named by {row!r}",))
