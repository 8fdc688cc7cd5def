"""The stages of a deduplication, in the order in which data flows through them."""

from __future__ import annotations

import os

import numpy as np
import polars as pl

from tk.errors import InputError
from tk_link import candidates
from tk_link.dedupe.clustering import Clustering, pairs_frame, rows_frame
from tk_link.dedupe.clusters import group
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.within import score_within
from tk_link.fields import Field
from tk_link.linkage import Skipped
from tk_link.pipeline import Clock
from tk_link.profile import Profile, profile
from tk_link.progress import Progress
from tk_link.tables import Table


def run(table: Table, config: DedupeConfig, *, progress: Progress | None = None) -> Clustering:
    """Group the rows of a table into entities.

    Raises:
        InputError: The table has no rows, or no column to compare.
    """
    clock = Clock(progress)
    with clock.stage("columns"):
        profiles = profile(table)
        fields, skipped = choose_fields(table, profiles, config)
    with clock.stage("pairs"):
        sources = None
        if config.across_only and config.source in table.columns:
            ranks = table.frame[config.source].cast(pl.String).rank("dense")
            sources = ranks.to_numpy().astype(np.int64)
        within = score_within(
            table,
            fields,
            profiles,
            k=config.k or candidates.K,
            threads=config.threads or os.cpu_count() or 1,
            allowed=sources,
        )
    with clock.stage("clusters"):
        cluster, known = group(
            within.pairs,
            within.probability,
            within.score,
            method=config.cluster,
            cut=config.min_prob,
        )
        filled = np.asarray(table.text.select(n=pl.sum_horizontal(pl.all().is_not_null()))["n"])
        rows = rows_frame(cluster, known, filled.astype(np.int64))
        pairs = pairs_frame(cluster, known)
    mean = pairs["match_probability"].mean()
    return Clustering(
        fields=fields,
        skipped=skipped,
        id_column=next((p.name for p in profiles.values() if p.role == "id"), None),
        rows=rows,
        pairs=pairs,
        candidates=len(within.pairs),
        precision=float(mean) if isinstance(mean, float) else 1.0,
        timings=clock.timings,
        warnings=_warnings(rows, config.max_cluster),
    )


def choose_fields(
    table: Table, profiles: dict[str, Profile], config: DedupeConfig
) -> tuple[tuple[Field, ...], tuple[Skipped, ...]]:
    """Return the compared columns and those left out.

    Raises:
        InputError: The table has no rows, or nothing is left to compare.
    """
    if not len(table):
        raise InputError(f"'{table.name}' has no rows; there is nothing to compare")
    types, weights = dict(config.types), dict(config.weights)
    reasons = {"id": "names the rows", "constant": "one value in every row", "empty": "no values"}
    fields, skipped = [], []
    for name, found in profiles.items():
        if config.on is not None and name not in config.on:
            skipped.append(Skipped(table.name, name, "not in --on"))
        elif name == config.source:
            skipped.append(Skipped(table.name, name, "says which file a row is from"))
        elif config.on is None and found.role != "field":
            skipped.append(Skipped(table.name, name, reasons[found.role]))
        else:
            why = "given" if config.on is not None else "same column"
            type_ = types.get(name, found.type)
            fields.append(Field(name, name, type_, why, weights.get(name, 1.0)))
    if not fields:
        raise InputError(
            f"'{table.name}' has no column to compare ({', '.join(table.columns)}): each names the "
            "rows, is constant or empty; name columns with --on"
        )
    return tuple(fields), tuple(skipped)


def _warnings(rows: pl.DataFrame, most: int) -> tuple[str, ...]:
    large = rows.filter(pl.col("cluster_size") > most)
    if large.is_empty():
        return ()
    count, largest = large["cluster"].n_unique(), int(large["cluster_size"].to_numpy().max())
    weak = float(large["cluster_confidence"].to_numpy().min())
    return (
        f"{count} clusters have more than {most} rows (the largest {largest}, the weakest link "
        f"{weak:.2f}): look at them before you use the result, or compare fewer columns (--on)",
    )
