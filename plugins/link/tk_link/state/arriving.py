"""Rows that arrive, told from those that are known.

A row keeps its place in its source for ever; new ones go to the end. In a file that was read
before, a row is known by its content; failing that by its id, and then the new content takes the
place of the old. A file whose rows were all read before, under whatever name, brings nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk.errors import InputError
from tk_link.dedupe.naming import id_column
from tk_link.profile import profile
from tk_link.tables import Table
from tk_link.textview import text_view


@dataclass(frozen=True)
class Source:
    """A file, or whatever else rows came from.

    Attributes:
        number: 1 for the oldest.
        origin: What tells it from others: the path as seen from the state's folder, with the side
            in front (``left:crm.csv``) where a state has sides.
        table: Its rows in the order of arrival, under the name that the output gives them.
        seen: Digests of what it was when it was read.
    """

    number: int
    origin: str
    table: Table
    seen: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Arriving:
    """A table that is given to a run.

    Attributes:
        origin: As in `Source`.
        table: What was read.
        is_file: Whether it is read again and again, so that an id means the same row each time.
            Standard input and frames are batches, in which it need not.
    """

    origin: str
    table: Table
    is_file: bool = True


@dataclass(frozen=True)
class News:
    """What one table brought.

    Attributes:
        name: The name of its source.
        new: Rows that were not known.
        changed: Rows known by id whose content is another now.
        known: Rows known as they are.
        missing: Rows of the source that are not in the table any more, and stay.
        same_as: The name under which the same table was read before, where that is another.
    """

    name: str
    new: int = 0
    changed: int = 0
    known: int = 0
    missing: int = 0
    same_as: str | None = None


def receive(
    known: Sequence[Source],
    arriving: Sequence[Arriving],
    *,
    id: str | None = None,
    side: str = "",
) -> tuple[list[Source], list[News]]:
    """Return all sources after `arriving`, and what each brought.

    Args:
        known: The sources so far; those that nothing arrives for are returned as they are.
        arriving: What was read now.
        id: Column that names rows; None finds one in what is known of a file.
        side: ``left`` or ``right`` where a state has sides, which know nothing of each other.

    Raises:
        InputError: A table has no column in common with the others, or it is a file whose columns
            are others than before so that no row can be told.
    """
    sources, news = list(known), []
    for each in arriving:
        digest, origin = (_marked(side, t) for t in (_digest(each.table), each.origin))
        before = next((s for s in sources if digest in s.seen), None)
        own = next((s for s in sources if s.origin == origin), None)
        if before is not None and before is not own:
            rows = len(each.table)
            news.append(News(each.table.name, known=rows, same_as=before.table.name))
        elif own is not None:
            at = sources.index(own)
            sources[at], brought = _updated(own, each, digest, id)
            news.append(brought)
        else:
            _check_alike(of_side(sources, side), each.table)
            name = _free_name(each, {s.table.name for s in sources})
            table = replace(each.table, name=name)
            sources.append(Source(len(sources) + 1, origin, table, frozenset([digest])))
            news.append(News(name, new=len(table)))
    return sources, news


def of_side(sources: Sequence[Source], side: str) -> list[Source]:
    """Return the sources of one side of a state that has sides; all where it has none."""
    return [source for source in sources if source.origin.startswith(_marked(side, ""))]


def _marked(side: str, text: str) -> str:
    return f"{side}:{text}" if side else text


def _updated(
    source: Source, arriving: Arriving, digest: str, id: str | None
) -> tuple[Source, News]:
    """Return a source with what arrived in it."""
    old, new = source.table, arriving.table
    place = _by_content(old.text, new.text)
    known = place >= 0
    if arriving.is_file and not known.all():
        column = id or id_column(profile(old))
        place = _by_id(old.text, new.text, column, place)
    if (place < 0).all():
        _check_same_columns(old, new)
    is_changed, is_new = (place >= 0) & ~known, place < 0
    rows = np.arange(len(old))
    rows[place[is_changed]] = len(old) + np.flatnonzero(is_changed)
    rows = np.concatenate([rows, len(old) + np.flatnonzero(is_new)])
    brought = News(
        old.name,
        new=int(is_new.sum()),
        changed=int(is_changed.sum()),
        known=int(known.sum()),
        missing=len(old) - int((place >= 0).sum()) if arriving.is_file else 0,
    )
    seen = source.seen | {digest}
    if not (brought.new or brought.changed):
        return replace(source, seen=seen), brought
    frame = _united(old.frame, new.frame)[rows]
    return replace(source, table=Table(old.name, frame, text_view(frame)), seen=seen), brought


def _by_content(old: pl.DataFrame, new: pl.DataFrame) -> NDArray[np.int64]:
    """Return the place of the old row that each new one repeats, -1 where none does.

    Of rows that are alike each repeats another.
    """
    both = [
        pl.DataFrame({"content": contents(text)}).with_columns(
            nth=pl.int_range(pl.len()).over("content")
        )
        for text in (old, new)
    ]
    found = both[1].join(
        both[0].with_row_index("place"), on=["content", "nth"], how="left", maintain_order="left"
    )
    return found["place"].cast(pl.Int64).fill_null(-1).to_numpy().copy()


def _by_id(
    old: pl.DataFrame, new: pl.DataFrame, column: str | None, place: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return `place` with the old rows of the same id filled in, where ids are unique."""
    if column is None or column not in old.columns or column not in new.columns:
        return place
    is_taken = np.isin(np.arange(len(old)), place)
    left = new.select(id=pl.col(column)).with_row_index("row").filter(place < 0)
    left = left.filter(pl.col("id").is_not_null() & pl.col("id").is_unique())
    right = old.select(id=pl.col(column)).with_row_index("place").filter(~is_taken)
    right = right.filter(pl.col("id").is_unique())
    found = left.join(right, on="id")
    place = place.copy()
    place[found["row"].to_numpy()] = found["place"].to_numpy()
    return place


def contents(text: pl.DataFrame) -> pl.Series:
    """Return all filled cells of each row in one text, whatever the order of columns."""
    cells = [
        pl.when(pl.col(name).is_not_null())
        .then(pl.concat_str(pl.lit(f"{name}\x1f"), pl.col(name), pl.lit("\x1e")))
        .otherwise(pl.lit(""))
        for name in sorted(text.columns)
    ]
    return text.select(content=pl.concat_str(cells)).to_series()


def _digest(table: Table) -> str:
    rows = contents(table.text).str.join("\x1d").item()
    return hashlib.blake2b(rows.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _united(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Put rows under rows; columns of two types become text, unless both are numbers."""
    mixed = [
        name
        for name in old.columns
        if name in new.columns
        and old[name].dtype != new[name].dtype
        and pl.Null not in (old[name].dtype, new[name].dtype)
        and not (old[name].dtype.is_numeric() and new[name].dtype.is_numeric())
    ]
    frames = [frame.with_columns(text_view(frame.select(mixed))) for frame in (old, new)]
    return pl.concat(frames, how="diagonal_relaxed")


def _free_name(arriving: Arriving, taken: set[str]) -> str:
    """Return the table's name, with folders before it, or a number behind, where it is taken."""
    name = arriving.table.name
    folders = arriving.origin.split("/")[:-1]
    while name in taken and folders:
        name = f"{folders.pop()}/{name}"
    number = 2
    while name in taken:
        name, number = f"{arriving.table.name}#{number}", number + 1
    return name


def _check_alike(sources: Sequence[Source], table: Table) -> None:
    known = {column for source in sources for column in source.table.columns}
    if sources and not known & {*table.columns}:
        raise InputError(
            f"'{table.name}' has none of the columns that the state knows "
            f"({_named(known)}), it has {_named({*table.columns})}; name another state, or rename "
            "its columns"
        )


def _check_same_columns(old: Table, new: Table) -> None:
    gone, more = {*old.columns} - {*new.columns}, {*new.columns} - {*old.columns}
    if not (gone or more):
        return
    changes = [f"{_named(some)} {how}" for some, how in ((gone, "gone"), (more, "new")) if some]
    raise InputError(
        f"'{old.name}' has other columns than when it was read before ({'; '.join(changes)}) and "
        "no row of it can be told: give it the columns that it had, name its id (--id), or store "
        "it under another name"
    )


def _named(columns: set[str]) -> str:
    return ", ".join(sorted(columns)[:8]) + (", …" if len(columns) > 8 else "")
