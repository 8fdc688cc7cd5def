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
from tk_link.dedupe.naming import namings
from tk_link.dedupe.pipeline import Run, run_closely
from tk_link.dedupe.stack import Stack, stack_labelled
from tk_link.judging.judged import Judged, Verdicts, rows_by_name
from tk_link.progress import Progress
from tk_link.state.arriving import Arriving, News, Source, receive
from tk_link.state.deciding import added, locate
from tk_link.state.identity import Carried, carry
from tk_link.state.keeping import keep, kept
from tk_link.state.store import LastRun, Store, open_store, read_store

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
        judged: Judgements that count.
        carried: Ids that came and went; None where there was nothing to do.
        changed: Options that are others than in the run before.
        closely: Everything that was computed, where it was.
    """

    stack: Stack
    clustering: Clustering
    config: DedupeConfig
    news: tuple[News, ...]
    run: int
    judged: Judged
    carried: Carried | None = None
    changed: tuple[str, ...] = ()
    closely: Run | None = None

    @property
    def is_unchanged(self) -> bool:
        """Whether nothing was new, and this is the result of the run before."""
        return self.carried is None


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
        before = store.sources()
        sources, news = receive(before, arriving, id=config.id)
        stacked, config = _stacked(sources, config)
        names, places = namings(stacked.table, config.id, config.source), _places(sources)
        kept_before = store.judgements()
        more = added(kept_before, verdicts)
        located = locate([*kept_before, *more], rows_by_name(*names), places)
        located.judged.check(names[0])
        last, options = store.last_run(), _options(config)
        changed = _changed(last, options)
        is_new = bool(more) or any(each.new or each.changed for each in news)
        found = None if is_new or again else _still_true(store, last, options)
        if last is not None and found is not None:
            return Continued(stacked, found, config, tuple(news), last.run, located.judged)
        with store.transaction():
            run = store.begin_run(_version(), options)
            for source in sources:
                if not any(source is known for known in before):
                    store.write_source(source)
            store.add_judgements(run, more)
            store.locate_judgements(located.places)
        closely = run_closely(stacked.table, config, progress=progress, judged=located.judged)
        carried = _finish(store, run, closely.clustering, places, names[0])
        closely = replace(closely, clustering=replace(closely.clustering, ids=carried.ids))
        return Continued(
            stacked,
            closely.clustering,
            config,
            tuple(news),
            run,
            located.judged,
            carried,
            changed,
            closely,
        )


def _still_true(store: Store, last: LastRun | None, options: str) -> Clustering | None:
    """Return the last result where the same options and version would find it again."""
    if last is None or not last.is_done or (last.options, last.version) != (options, _version()):
        return None
    found = kept(store)
    return None if found is None else replace(found, ids=store.memberships()["cluster"])


def _finish(
    store: Store, run: int, found: Clustering, places: pl.DataFrame, names: pl.Series
) -> Carried:
    """Carry the ids over and keep what was found."""
    rows = ["source", "place"]
    before = places.join(store.memberships(), on=rows, how="left", maintain_order="left")["cluster"]
    carried = carry(before, found.rows["cluster"], names=names, ages=store.clusters())
    moved = places.with_columns(carried.ids).filter(carried.ids.ne_missing(before))
    with store.transaction():
        store.write_clusters(run, born=carried.born, gone=carried.gone)
        store.write_memberships(run, moved)
        keep(store, run, found)
        store.end_run(run)
    return carried


def look_ahead(
    path: Path, arriving: Sequence[Arriving], config: DedupeConfig
) -> tuple[Stack, DedupeConfig]:
    """Return the rows that `go_on` would link, and write nothing. Raises as `go_on`."""
    known: list[Source] = []
    if path.exists():
        with read_store(path) as store:
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


def _places(sources: Sequence[Source]) -> pl.DataFrame:
    """Return ``source`` and ``place`` of every row, in order."""
    heights = [len(source.table) for source in sources]
    numbers = np.repeat(np.array([source.number for source in sources], dtype=np.int64), heights)
    places = np.concatenate([np.arange(height, dtype=np.int64) for height in heights])
    return pl.DataFrame({"source": numbers, "place": places})


def _options(config: DedupeConfig) -> str:
    options = {name: value for name, value in asdict(config).items() if name not in _FREE}
    return json.dumps(options, sort_keys=True)


def _changed(last: LastRun | None, options: str) -> tuple[str, ...]:
    """Name the options that are others than in the run before."""
    if last is None or last.options == options:
        return ()
    before, now = json.loads(last.options), json.loads(options)
    return tuple(sorted(name for name in {*before} | {*now} if before.get(name) != now.get(name)))


def _version() -> str:
    try:
        return version("transformer-tk")
    except PackageNotFoundError:  # a source tree that nobody installed
        return "unknown"
