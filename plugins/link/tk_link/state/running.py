"""What every run that goes on from a state does, whatever it finds: begin, carry ids, end.

Rows and judgements are on the disk before anything is searched; ids and the result when it has
ended, in one transaction, before any output is written.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.config import Earlier, LinkConfig
from tk_link.dedupe.config import DedupeConfig
from tk_link.judging.judged import Judged
from tk_link.state.arriving import News, Source
from tk_link.state.deciding import Located
from tk_link.state.identity import Carried, carry
from tk_link.state.store import KeptJudgement, Store


@dataclass(frozen=True)
class Kept:
    """What came of keeping earlier decisions.

    Attributes:
        rows: Earlier rows.
        changed: Those that have another id now, because of judgements.
        free: Those to which a run that revises would have given another id.
        joined: Earlier clusters that such a run would have put into older ones.
        split: Earlier clusters that it would have split.
    """

    rows: int
    changed: int
    free: int
    joined: int
    split: int


@dataclass(frozen=True)
class Step:
    """What one run brought.

    Attributes:
        rows: Rows of the state.
        news: What each table brought.
        judged: Judgements that count.
        run: The number of the run whose result this is.
        carried: Ids that came and went; None where there was nothing to do.
        changed: Options that are others than in the run before.
        kept: What came of keeping earlier decisions, where they were kept.
    """

    rows: int
    news: tuple[News, ...]
    judged: Judged
    run: int = 0
    carried: Carried | None = None
    changed: tuple[str, ...] = ()
    kept: Kept | None = None

    @property
    def is_news(self) -> bool:
        """Whether any row is new or has other cells."""
        return any(each.new or each.changed for each in self.news)

    @property
    def is_unchanged(self) -> bool:
        """Whether nothing was new, and this is the result of the run before."""
        return self.carried is None


def places_of(sources: Sequence[Source]) -> pl.DataFrame:
    """Return ``source`` and ``place`` of every row, in order."""
    heights = [len(source.table) for source in sources]
    numbers = np.repeat(np.array([source.number for source in sources], dtype=np.int64), heights)
    places = [np.arange(height, dtype=np.int64) for height in heights]
    return pl.DataFrame({"source": numbers, "place": np.concatenate(places)})


def ids_of(store: Store, places: pl.DataFrame) -> pl.Series:
    """Return the cluster id that each row had after the last run, null for one that is new."""
    rows = ["source", "place"]
    found = places.join(store.memberships(), on=rows, how="left", maintain_order="left")
    return found["cluster"]


def options_of(
    config: DedupeConfig | LinkConfig, earlier: Earlier, *, free: Collection[str]
) -> str:
    """Return the options that have a part in what is found, as JSON, without those in `free`."""
    options = {name: value for name, value in asdict(config).items() if name not in free}
    if earlier != "revise":  # which states of earlier versions do not name
        options["earlier"] = earlier
    return json.dumps(options, sort_keys=True)


def unchanged(store: Store, options: str) -> int | None:
    """Return the last run if it ended, and had the same options and version; else None.

    Whether it kept what was decided before is all one to a run that keeps what it decided.
    """
    last = store.last_run()
    if last is None or not last.is_done or last.version != _tk():
        return None
    before, now = json.loads(last.options), json.loads(options)
    if now.get("earlier") == "keep":
        before["earlier"] = "keep"
    return last.run if before == now else None


def changed(store: Store, options: str) -> tuple[str, ...]:
    """Name the options that are others than in the run before."""
    last = store.last_run()
    if last is None or last.options == options:
        return ()
    before, now = json.loads(last.options), json.loads(options)
    return tuple(sorted(name for name in {*before} | {*now} if before.get(name) != now.get(name)))


def kept(
    before: pl.Series, carried: Carried, free: NDArray[np.int64], names: pl.Series, store: Store
) -> Kept:
    """Compare what was kept with what a run that revises would have found.

    Args:
        before: `ids_of` the rows before the run.
        carried: Their ids after it.
        free: The cluster of each row that nothing was kept of, as the number of its first row.
        names: What each row is called.
        store: The state.
    """
    revised = carry(before, pl.Series(free), names=names, ages=store.clusters())
    is_earlier = before.is_not_null()
    changed, other = (
        int((is_earlier & (ids != before)).sum()) for ids in (carried.ids, revised.ids)
    )
    return Kept(int(is_earlier.sum()), changed, other, len(revised.gone), len(revised.split))


def begin(
    store: Store,
    options: str,
    sources: Sequence[Source],
    judgements: Sequence[KeptJudgement],
    located: Located,
) -> int:
    """Write down that a run begins, and all rows and judgements that it has; return its number.

    Args:
        store: The state.
        options: What decides, as JSON.
        sources: Sources that are new or have other rows than in the state.
        judgements: Judgements that it does not hold yet.
        located: Where all judgements belong.
    """
    with store.transaction():
        run = store.begin_run(_tk(), options)
        for source in sources:
            store.write_source(source)
        store.add_judgements(run, judgements)
        store.locate_judgements(located.places)
    return run


@contextmanager
def finish(
    store: Store, run: int, cluster: pl.Series, places: pl.DataFrame, names: pl.Series
) -> Iterator[Carried]:
    """Carry the ids of clusters over and end the run; the block keeps what was found.

    Args:
        store: The state.
        run: The run.
        cluster: The cluster of each row, as the number of its first row.
        places: `places_of` the rows.
        names: What each row is called; unique.
    """
    before = ids_of(store, places)
    carried = carry(before, cluster, names=names, ages=store.clusters())
    moved = places.with_columns(carried.ids).filter(carried.ids.ne_missing(before))
    with store.transaction():
        store.write_clusters(run, born=carried.born, gone=carried.gone)
        store.write_memberships(run, moved)
        yield carried
        store.end_run(run)


def _tk() -> str:
    """Return the version that runs."""
    try:
        return version("transformer-tk")
    except PackageNotFoundError:  # a source tree that nobody installed
        return "unknown"
