"""One deduplication that goes on from a state: receive, link all rows, carry the ids, keep.

All rows are linked at once every time. So the result is what a run over all files would give, and
what it costs is such a run; embeddings come from their cache. Rows and judgements are on the disk
before linking begins, ids and clusters when it has ended, before any output is written.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import polars as pl

from tk.errors import UsageError
from tk_link.dedupe.clustering import Clustering
from tk_link.dedupe.columns import check_columns
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.naming import id_column, profile_stacked, row_names
from tk_link.dedupe.pipeline import Run, run_closely
from tk_link.dedupe.stack import Stack, stack_labelled
from tk_link.judging.judged import Judged, Verdicts, rows_by_name
from tk_link.progress import Progress
from tk_link.state.arriving import Arriving, News, Source, receive
from tk_link.state.deciding import locate, new_verdicts
from tk_link.state.identity import Carried, carry
from tk_link.state.keeping import keep, kept
from tk_link.state.store import KeptJudgement, LastRun, Store, open_store

_FREE = ("keep", "golden", "max_cluster", "draws", "device", "offline", "threads", "source")
"""Options that have no part in what is found."""


@dataclass(frozen=True)
class Continued:
    """What a run that goes on came to.

    Attributes:
        stack: All rows of the state.
        clustering: What was found, with `Clustering.ids`.
        config: The options, with the column of files' names.
        news: What each table brought.
        run: The number of the run whose result this is.
        is_new: Whether there was anything to do.
        carried: Ids that came and went; None where nothing was done.
        judged: Judgements that count.
        changed_options: Options that are others than in the run before.
        closely: Everything that was computed, where it was.
    """

    stack: Stack
    clustering: Clustering
    config: DedupeConfig
    news: tuple[News, ...]
    run: int
    is_new: bool
    carried: Carried | None
    judged: Judged
    changed_options: tuple[str, ...] = ()
    closely: Run | None = None


def go_on(
    path: Path,
    arriving: Sequence[Arriving],
    config: DedupeConfig,
    verdicts: Verdicts,
    *,
    progress: Progress | None = None,
    again: bool = False,
) -> Continued:
    """Add rows and judgements to a state and find clusters among all its rows.

    Args:
        path: The state; made where it is not there.
        arriving: Tables, new or known.
        config: How to find duplicates.
        verdicts: Judgements that are added to the state's.
        progress: Told about the stages.
        again: Link even where nothing is new, because what is computed on the way is wanted.

    Raises:
        InputError: The state, a table or a column cannot be used, or judgements contradict.
        OutputError: The state cannot be written.
        UsageError: An option does not go with a state.
    """
    if config.draws is not None:
        raise UsageError("draws are many clusterings, a state goes on from one; leave out one")
    with open_store(path) as store:
        sources, news = receive(store.sources(), arriving, id=config.id)
        stacked, config = _stacked(sources, config)
        last, options = store.last_run(), _options(config)
        told = new_verdicts(store.judgements(), verdicts)
        is_same = last is not None and (last.is_done, last.options, last.version) == (
            *(True, options),
            _version(),
        )
        is_new = not is_same or bool(told) or any(each.new or each.changed for each in news)
        names = _names(stacked, config)
        places = _places(sources)
        located = locate(_with(store.judgements(), told), rows_by_name(*names), places)
        located.judged.check(names[0])
        found = None if is_new or again else kept(store)
        run = last.run if last is not None else 0
        if found is None:
            with store.transaction():
                run = store.begin_run(_version(), options)
                for source in sources:
                    store.write_source(source)
                store.add_judgements(run, told)
                store.locate_judgements(located.places)
        elif sources != store.sources():
            pass
        closely = carried = None
        memberships = store.memberships()
        if found is None:
            closely = run_closely(stacked.table, config, progress=progress, judged=located.judged)
            found = closely.clustering
            before = places.join(
                memberships, on=["source", "place"], how="left", maintain_order="left"
            )
            carried = carry(
                before["cluster"], found.rows["cluster"], names=names[0], ages=store.clusters()
            )
            moved = places.with_columns(carried.ids).filter(
                carried.ids.ne_missing(before["cluster"])
            )
            with store.transaction():
                store.write_clusters(run, born=carried.born, gone=carried.gone)
                store.write_memberships(run, moved)
                keep(store, run, found)
                store.end_run(run)
            ids = carried.ids
        else:
            ids = memberships["cluster"]
