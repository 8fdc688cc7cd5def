"""A dry run of a deduplication, by the estimates of a linkage of the table with itself."""

from __future__ import annotations

import time

from tk_link import candidates, retrieval
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.naming import profile_stacked
from tk_link.dedupe.pipeline import choose_fields
from tk_link.plan import Plan, estimate, threads_of
from tk_link.tables import Table
from tk_link.views import build_views


def make_plan(table: Table, config: DedupeConfig) -> Plan:
    """Choose the columns and estimate the rest. Raises as `tk_link.dedupe.pipeline.run`."""
    start = time.perf_counter()
    profiles = profile_stacked(table, config.source)
    fields, skipped = choose_fields(table, profiles, config)
    views = build_views(table, table, fields, profiles, profiles)
    threads = threads_of(config.threads)
    choice = retrieval.choose(views, config, is_within=True)
    return estimate(
        table,
        table,
        fields,
        skipped,
        views=views,
        choice=choice,
        search=candidates.plan_search(table, table, fields, views, threads=threads),
        k=(config.k or candidates.K) + 1,  # a row is nearest to itself
        threads=threads,
        since=start,
    )
