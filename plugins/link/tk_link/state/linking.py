"""One linkage that goes on from a state: receive both sides, link all rows, carry the ids, keep.

As `tk_link.state.going_on` does for one table: all rows are linked at once every time, so the
result is that of one run over all files in the order of their arrival. In the state the rows of the
left side come before those of the right. A cluster is what links hold together: a row and its
partners, or a row alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from tk.errors import UsageError
from tk_link.columns import check_columns
from tk_link.config import Earlier, LinkConfig
from tk_link.judging.earlier_links import EarlierLinks
from tk_link.judging.judged import Judged, Verdicts, rows_by_name
from tk_link.linkage import ACCEPTED, Linkage
from tk_link.pipeline import Run, run_closely
from tk_link.progress import Progress
from tk_link.state.arriving import Arriving, News, Source, of_side, receive
from tk_link.state.deciding import Located, added, locate
from tk_link.state.kept_links import keep_linkage, kept_linkage
from tk_link.state.opening import LINKED
from tk_link.state.running import (
    Step,
    begin,
    changed,
    finish,
    ids_of,
    kept,
    options_of,
    places_of,
    unchanged,
)
from tk_link.state.sides import Side, side_of
from tk_link.state.store import KeptJudgement, Store, open_store, read_store

_FREE = ("draws", "device", "offline", "threads")
"""Options that have no part in what is found."""

_SIDES = ("left", "right")

Tables = tuple[Sequence[Arriving], Sequence[Arriving]]
Sides = tuple[Side, Side]


@dataclass(frozen=True)
class Linked:
    """What a run that goes on came to.

    Attributes:
        sides: All rows of the state, left and right.
        linkage: What was decided.
        ids: Id of each row's cluster, left and right.
        step: What the run brought.
        closely: Everything that was computed, where it was.
    """

    sides: Sides
    linkage: Linkage
    ids: tuple[pl.Series, pl.Series]
    step: Step
    closely: Run | None = None


def link_on(
    path: Path,
    arriving: Tables,
    config: LinkConfig,
    verdicts: Verdicts,
    *,
    earlier: Earlier = "revise",
    progress: Progress | None = None,
    again: bool = False,
) -> Linked:
    """Add rows and judgements to a state and link all its left rows with all its right ones.

    Args:
        path: The state; made where it is not there.
        arriving: Left and right tables, new or known.
        config: How to link.
        verdicts: Judgements that are added to the state's.
        earlier: Whether links of earlier runs may be revised, or stay.
        progress: Told about the stages.
        again: Link even where nothing is new, because what is computed on the way is wanted.

    Raises:
        InputError: The state, a table or a column cannot be used.
        OutputError: The state cannot be written.
        QualityError: The precision asked for cannot be reached; rows and judgements are kept.
        UsageError: An option does not go with a state.
    """
    if config.draws is not None:
        raise UsageError("draws are many link sets, a state goes on from one; leave out one")
    with open_store(path, LINKED) as store:
        before = store.sources()
        sources, news, sides, config = _received(before, arriving, config)
        places = places_of([each for side in _SIDES for each in of_side(sources, side)])
        judgements = store.judgements()
        more = added(judgements, verdicts, key=tuple)
        located = _located([*judgements, *more], sides, places)
        judged = _by_side(located.judged, len(sides[0]))
        options = options_of(config, earlier, free=_FREE)
        step = Step(len(places), tuple(news), judged)
        if not (again or more or step.is_news) and (last := unchanged(store, options)):
            known = _split(ids_of(store, places), sides)
            return Linked(sides, kept_linkage(store), known, replace(step, run=last))
        step = replace(step, changed=changed(store, options))
        arrived = [source for source in sources if not any(source is old for old in before)]
        run = begin(store, options, arrived, more, located)
        tables = sides[0].table, sides[1].table
        ids = ids_of(store, places)
        standing = _standing(store, ids, sides) if earlier == "keep" else None
        closely = run_closely(*tables, config, progress=progress, judged=judged, earlier=standing)
        closely = replace(closely, linkage=_named(closely.linkage, sides))
        names = pl.concat([side.names for side in sides])
        clusters = pl.Series(_clusters(closely.linkage.pairs, sides))
        with finish(store, run, clusters, places, names) as carried:
            keep_linkage(store, run, closely.linkage)
        step = replace(step, run=run, carried=carried)
        if closely.free is not None:
            free = _clusters(closely.free, sides)
            step = replace(step, kept=kept(ids, carried, free, names, store))
        return Linked(sides, closely.linkage, _split(carried.ids, sides), step, closely)


def look_ahead(path: Path, arriving: Tables, config: LinkConfig) -> tuple[Sides, LinkConfig]:
    """Return the rows that `link_on` would link, and write nothing. Raises as `link_on`."""
    known: list[Source] = []
    if path.exists():
        with read_store(path, LINKED) as store:
            known = store.sources()
    _, _, sides, config = _received(known, arriving, config)
    return sides, config


def _received(
    sources: list[Source], arriving: Tables, config: LinkConfig
) -> tuple[list[Source], list[News], Sides, LinkConfig]:
    """Return all sources after `arriving`, what it brought, both sides, and options for them."""
    sources, lefts = receive(sources, arriving[0], id=config.left_id, side="left")
    sources, rights = receive(sources, arriving[1], id=config.right_id, side="right")
    left, right = (side_of(of_side(sources, side), side, config) for side in _SIDES)
    if config.left_id not in left.table.columns:
        config = replace(config, left_id=None)
    if config.right_id not in right.table.columns:
        config = replace(config, right_id=None)
    check_columns(config, left.table, right.table)
    return sources, [*lefts, *rights], (left, right), config


def _located(judgements: Sequence[KeptJudgement], sides: Sides, places: pl.DataFrame) -> Located:
    left, right = (rows_by_name(side.names, side.own) for side in sides)
    right = {name: row + len(sides[0]) for name, row in right.items()}
    return locate(judgements, left, right, places)


def _by_side(judged: Judged, lefts: int) -> Judged:
    """Return judgements with right rows counted from the first of their own side."""
    start = np.array([0, lefts])
    return replace(judged, same=judged.same - start, different=judged.different - start)


def _named(linkage: Linkage, sides: Sides) -> Linkage:
    """Return a linkage that tells which columns name rows, those that were not compared too."""
    return replace(linkage, left_id=sides[0].id_column, right_id=sides[1].id_column)


def _standing(store: Store, ids: pl.Series, sides: Sides) -> EarlierLinks | None:
    """Return what the last run that ended decided, None where there was none.

    Args:
        store: The state.
        ids: What each row's cluster was called then, null for a row that was not there.
        sides: All rows now: those that were there are in the same order.
    """
    known = ids.is_not_null().to_numpy()
    if not known.any():
        return None
    left, right = known[: len(sides[0])], known[len(sides[0]) :]
    pairs = store.read_frame("pairs").filter(pl.col("match_status").is_in(ACCEPTED))
    rows = [
        np.flatnonzero(there)[pairs[column].to_numpy()]
        for there, column in ((left, "left_row"), (right, "right_row"))
    ]
    return EarlierLinks(np.stack(rows, axis=1), left, right)


def _clusters(pairs: pl.DataFrame, sides: Sides) -> NDArray[np.int64]:
    """Return the first row of each row's cluster, in the order of the state."""
    pairs = pairs.filter(pl.col("match_status").is_in(ACCEPTED))
    height = sum(map(len, sides))
    left, right = pairs["left_row"].to_numpy(), pairs["right_row"].to_numpy() + len(sides[0])
    graph = sparse.coo_matrix((np.ones(len(left), dtype=bool), (left, right)), (height, height))
    label = connected_components(graph, directed=False)[1]
    _, first, member = np.unique(label, return_index=True, return_inverse=True)
    return np.asarray(first[member], dtype=np.int64)


def _split(ids: pl.Series, sides: Sides) -> tuple[pl.Series, pl.Series]:
    return ids.head(len(sides[0])), ids.tail(len(sides[1]))
