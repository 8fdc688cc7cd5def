"""The stages of a deduplication, in the order in which data flows through them."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from tk.errors import InputError
from tk_link import candidates, retrieval
from tk_link.dedupe.clustering import Clustering, own_added, pairs_frame, rows_frame
from tk_link.dedupe.clusters import group
from tk_link.dedupe.config import DedupeConfig, Method
from tk_link.dedupe.draws import draw_clusterings
from tk_link.dedupe.naming import id_column, profile_stacked
from tk_link.dedupe.within import Within, score_within
from tk_link.fields import Field
from tk_link.judging.clusters import group_judged
from tk_link.judging.earlier import keep_earlier
from tk_link.judging.judged import NOT_JUDGED, Judged
from tk_link.linkage import Skipped
from tk_link.pipeline import Clock
from tk_link.profile import Profile
from tk_link.progress import Progress
from tk_link.tables import Table
from tk_link.views import build_views

_SMALL = 20
"""Rows below which one entity may well be half the table."""
_BORDERLINE = 3
_FEW_PAIRS = 20


@dataclass(frozen=True)
class Run:
    """Everything a run computed, for those who look closer than at its `Clustering`.

    Attributes:
        clustering: What was found.
        within: Candidate pairs, what they were compared on and the model that weighed them.
        scored: Every pair with a probability, as `tk_link.dedupe.clustering.pairs_frame`.
        free: The cluster of each row before earlier decisions were kept; None where none were.
    """

    clustering: Clustering
    within: Within
    scored: pl.DataFrame
    free: NDArray[np.int64] | None = None


def run(table: Table, config: DedupeConfig, *, progress: Progress | None = None) -> Clustering:
    """Group the rows of a table into entities.

    Raises:
        InputError: The table has no rows, or no column to compare.
    """
    return run_closely(table, config, progress=progress).clustering


def run_closely(
    table: Table,
    config: DedupeConfig,
    *,
    progress: Progress | None = None,
    judged: Judged | None = None,
    earlier: NDArray[np.int64] | None = None,
) -> Run:
    """Group the rows of a table and keep what every stage computed. Raises as `run`.

    With ``judged``, the clusters obey these judgements. With ``earlier``, the number of each row's
    earlier cluster and -1 for a new row, those clusters stay (`tk_link.judging.earlier`).
    """
    clock = Clock(progress)
    with clock.stage("columns"):
        profiles = profile_stacked(table, config.source)
        fields, skipped = choose_fields(table, profiles, config)
    with clock.stage("pairs"):
        views = build_views(table, table, fields, profiles, profiles)
        choice = retrieval.choose(views, config, is_within=True)
    k = config.k or candidates.K
    meaning = None
    if choice.retrieval != "lexical":
        with clock.stage("meaning"):
            meaning = retrieval.find_meaning(
                table, table, views, config, k=k + 1, progress=progress
            )
    with clock.stage("pairs"):
        apart = _files(table, config)
        within = score_within(
            table,
            fields,
            views,
            k=k,
            meaning=meaning,
            by_letters=choice.retrieval != "dense",
            threads=config.threads or os.cpu_count() or 1,
            allowed=apart,
        )
    with clock.stage("clusters"):
        grouping = _grouped(within, config, apart, judged)
        free = None
        if earlier is not None:
            free = grouping.cluster
            grouping = _kept(grouping, within, earlier, apart, judged)
        drawn = draw_clusterings(within, config, grouping.method, apart) if config.draws else None
        filled = np.asarray(table.text.select(n=pl.sum_horizontal(pl.all().is_not_null()))["n"])
        rows = rows_frame(grouping.cluster, grouping.known, filled.astype(np.int64))
        scored = pairs_frame(grouping.cluster, grouping.known)
    told = own_added(scored, within.pairs, within.probability)
    pairs = told.filter("is_joined").drop("is_joined")
    distance = (pl.col("match_probability") - config.min_prob).abs()
    mean = pairs["match_probability"].mean()
    clustering = Clustering(
        fields=fields,
        skipped=skipped,
        id_column=config.id or id_column(profiles),
        method=grouping.method,
        rows=rows,
        pairs=pairs,
        borderline=scored.bottom_k(_BORDERLINE, by=distance).sort(distance, "left_row"),
        candidates=len(within.pairs),
        precision=float(mean) if isinstance(mean, float) else 1.0,
        choice=choice,
        retrieval_notes=meaning.view.notes if meaning is not None else (),
        timings=clock.timings,
        draws=drawn,
        apart=told.filter(~pl.col("is_joined")).drop("is_joined"),
        warnings=(
            *choice.warnings,
            *grouping.warnings,
            *_warnings(rows, pairs, config.max_cluster),
        ),
    )
    return Run(clustering, within, scored, free)


@dataclass(frozen=True)
class _Grouping:
    """Clusters, all known probabilities, how they were found and what is wrong with them."""

    cluster: NDArray[np.int64]
    known: sparse.csr_matrix
    method: Method
    warnings: tuple[str, ...] = ()


def _grouped(
    within: Within,
    config: DedupeConfig,
    apart: NDArray[np.int64] | None,
    judged: Judged | None = None,
) -> _Grouping:
    """Cluster, and again by complete linkage where one cluster would swallow the table.

    No register is half one entity; chains of doubtful pairs make such clusters, and complete
    linkage has none.
    """

    def by(method: Method) -> _Grouping:
        scored = within.pairs, within.probability, within.score
        cut = config.min_prob
        if judged:
            found = group_judged(*scored, judged, method=method, cut=cut, apart=apart)
        else:
            found = group(*scored, method=method, cut=cut, apart=apart)
        return _Grouping(*found, method=method)

    found = by(config.cluster)
    height, largest = len(found.cluster), _largest(found.cluster)
    if height < _SMALL or 2 * largest <= height:
        return found
    said = f"one cluster would hold {largest:,} of {height:,} rows by --cluster {found.method}"
    strict = by("complete") if found.method != "complete" else found
    if _largest(strict.cluster) == largest:
        said = said.replace("would hold", "holds")
        return replace(found, warnings=(f"{said}: look at it, or compare other columns (--on)",))
    said += f"; complete linkage was used instead, whose largest has {_largest(strict.cluster):,}"
    return replace(strict, warnings=(said,))


def _kept(
    found: _Grouping,
    within: Within,
    earlier: NDArray[np.int64],
    apart: NDArray[np.int64] | None,
    judged: Judged | None,
) -> _Grouping:
    """Return clusters that keep the earlier ones."""
    cluster, known = keep_earlier(
        found.cluster,
        found.known,
        earlier,
        pairs=within.pairs,
        probability=within.probability,
        score=within.score,
        judged=judged or NOT_JUDGED,
        apart=apart,
    )
    return replace(found, cluster=cluster, known=known)


def _largest(cluster: NDArray[np.int64]) -> int:
    return int(np.bincount(cluster).max())


def _files(table: Table, config: DedupeConfig) -> NDArray[np.int64] | None:
    """Number the file of each row where rows of one file must not be joined."""
    if not config.across_only or config.source not in table.columns:
        return None
    ranks = table.text[config.source].fill_null("").rank("dense")
    return np.asarray(ranks.to_numpy().astype(np.int64))


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
        elif name == config.id:
            skipped.append(Skipped(table.name, name, reasons["id"]))
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


def _warnings(rows: pl.DataFrame, pairs: pl.DataFrame, most: int) -> tuple[str, ...]:
    if 0 < len(pairs) < _FEW_PAIRS:
        return (
            f"only {len(pairs)} pairs were joined: probabilities rest on few examples; "
            "look at the pairs before you use them",
        )
    large = rows.filter(pl.col("cluster_size") > most)
    if large.is_empty():
        return ()
    count, largest = large["cluster"].n_unique(), int(large["cluster_size"].to_numpy().max())
    weak = float(large["cluster_confidence"].to_numpy().min())
    return (
        f"{count} clusters have more than {most} rows (the largest {largest}, the weakest link "
        f"{weak:.2f}): look at them before you use the result, or compare fewer columns (--on)",
    )
