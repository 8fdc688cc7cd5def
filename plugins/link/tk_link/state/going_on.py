"""One deduplication that goes on from a state: receive, link all rows, carry the ids, keep.

All rows are linked at once every time. So the result is what a run over all files would give, and
what it costs is such a run; embeddings come from their cache. Where earlier clusters are to stay,
that result is fitted around them (`tk_link.judging.earlier`). Rows and judgements are on the disk
before linking begins, ids and clusters when it has ended, before any output is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk.errors import UsageError
from tk_link.config import Earlier
from tk_link.dedupe.clustering import Clustering
from tk_link.dedupe.columns import check_columns
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.naming import namings
from tk_link.dedupe.pipeline import Run, run_closely
from tk_link.dedupe.stack import Stack, stack_labelled
from tk_link.judging.judged import Verdicts, rows_by_name
from tk_link.progress import Progress
from tk_link.state.arriving import Arriving, Source, receive
from tk_link.state.deciding import added, locate
from tk_link.state.keeping import keep_clustering, kept_clustering
from tk_link.state.opening import DEDUPED
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
from tk_link.state.store import open_store, read_store

_FREE = ("keep", "golden", "max_cluster", "draws", "device", "offline", "threads", "source")
"""Options that have no part in what is found."""


@dataclass(frozen=True)
class Continued:
    """What a run that goes on came to.

    Attributes:
        stack: All rows of the state.
        clustering: What was found, with `Clustering.ids`.
        config: The options, with the column of files' names.
        step: What the run brought.
        closely: Everything that was computed, where it was.
    """

    stack: Stack
    clustering: Clustering
    config: DedupeConfig
    step: Step
    closely: Run | None = None


def go_on(
    path: Path,
    arriving: Sequence[Arriving],
    config: DedupeConfig,
    verdicts: Verdicts,
    *,
    earlier: Earlier = "revise",
    progress: Progress | None = None,
    again: bool = False,
) -> Continued:
    """Add rows and judgements to a state and find clusters among all its rows.

    Args:
        path: The state; made where it is not there.
        arriving: Tables, new or known.
        config: How to find duplicates.
        verdicts: Judgements that are added to the state's.
        earlier: Whether clusters of earlier runs may be revised, or stay.
        progress: Told about the stages.
        again: Link even where nothing is new, because what is computed on the way is wanted.

    Raises:
        InputError: The state, a table or a column cannot be used, or judgements contradict.
        OutputError: The state cannot be written.
        UsageError: An option does not go with a state.
    """
    if config.draws is not None:
        raise UsageError("draws are many clusterings, a state goes on from one; leave out one")
    with open_store(path, DEDUPED) as store:
        before = store.sources()
        sources, news = receive(before, arriving, id=config.id)
        stacked, config = _stacked(sources, config)
        names, places = namings(stacked.table, config.id, config.source), places_of(sources)
        kept_before = store.judgements()
        more = added(kept_before, verdicts)
        rows = rows_by_name(*names)
        located = locate([*kept_before, *more], rows, rows, places)
        located.judged.check(names[0])
        options = options_of(config, earlier, free=_FREE)
        step = Step(len(stacked.table), tuple(news), located.judged)
        if not (again or more or step.is_news) and (last := unchanged(store, options)):
            found = replace(kept_clustering(store), ids=ids_of(store, places))
            return Continued(stacked, found, config, replace(step, run=last))
        step = replace(step, changed=changed(store, options))
        arrived = [source for source in sources if not any(source is old for old in before)]
        run = begin(store, options, arrived, more, located)
        ids = ids_of(store, places)
        closely = run_closely(
            stacked.table,
            config,
            progress=progress,
            judged=located.judged,
            earlier=_numbered(ids) if earlier == "keep" else None,
        )
        found, free = closely.clustering, closely.free
        with finish(store, run, found.rows["cluster"], places, names[0]) as carried:
            keep_clustering(store, run, found)
        closely = replace(closely, clustering=replace(found, ids=carried.ids))
        step = replace(step, run=run, carried=carried)
        if free is not None:
            step = replace(step, kept=kept(ids, carried, free, names[0], store))
        return Continued(stacked, closely.clustering, config, step, closely)


def _numbered(ids: pl.Series) -> NDArray[np.int64] | None:
    """Return a number for each cluster, -1 for rows that have none; None where no row has."""
    if ids.null_count() == len(ids):
        return None
    return np.asarray(ids.rank("dense").cast(pl.Int64).fill_null(-1).to_numpy())


def look_ahead(
    path: Path, arriving: Sequence[Arriving], config: DedupeConfig
) -> tuple[Stack, DedupeConfig]:
    """Return the rows that `go_on` would link, and write nothing. Raises as `go_on`."""
    known: list[Source] = []
    if path.exists():
        with read_store(path, DEDUPED) as store:
            known = store.sources()
    return _stacked(receive(known, arriving, id=config.id)[0], config)


def _stacked(sources: Sequence[Source], config: DedupeConfig) -> tuple[Stack, DedupeConfig]:
    """Stack all sources under one column of their names, checked."""
    tables = [source.table for source in sources]
    if not tables:
        raise UsageError("the state holds no rows yet; name a table: tk dedupe table.csv --state …")
    if config.source is not None and any(config.source in table.columns for table in tables):
        raise UsageError(
            f"with a state, source names the column of files' names, and {config.source!r} is one "
            "of the tables' own; choose another"
        )
    stacked = stack_labelled(tables, source=config.source)
    check_columns(config, stacked)
    return stacked, replace(config, source=stacked.source)
