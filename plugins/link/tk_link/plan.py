"""A dry run: the columns that would be compared, and what the rest would take.

The cost of retrieval is counted, not guessed: a sparse product multiplies every left row that has
a gram with every right row that has it. The rates were measured on two cores (dblp-acm, beer,
abt-buy, imdb-tmdb, people_10000) and held within a factor of two on each.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from tk_link import candidates, passes, retrieval
from tk_link.config import LinkConfig
from tk_link.dense import Choice
from tk_link.fields import Field
from tk_link.linkage import Skipped
from tk_link.ngrams import VectorPair, vectorise
from tk_link.pipeline import prepare
from tk_link.tables import Table
from tk_link.views import Views, build_views

_PRODUCTS = 0.5e9
"""Multiplications a second and thread in the sparse products."""
_UNION = 0.6
"""Distinct pairs over proposed ones: 0.44 to 0.69 measured; two directions and views overlap."""
_COMPARE, _SCORE = 1.5e-6, 8e-6
"""Seconds for a pair and field, and for a pair."""
_BASE_MB, _PAIR_MB, _GRAM_MB = 150, 5e-4, 1.6e-5
_MODEL_MB, _VECTOR_MB = 600, 0.002
"""torch with a small model, and a row's vector with its neighbours."""
_START_UP = 0.8
"""Seconds until the libraries are loaded and the tables read."""


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes:
        fields: The columns that would be compared.
        skipped: The columns left out, each with its reason.
        retrieval: How candidates would be found.
        choice: Whether that is by letters, by meaning or by both, why, and the seconds that
            encoding texts would take where none is known from an earlier run.
        pairs: Candidate pairs, about; fewer where options rule some out.
        seconds: Time, about, start-up included.
        megabytes: Greatest memory, about.
    """

    fields: tuple[Field, ...]
    skipped: tuple[Skipped, ...]
    retrieval: str
    choice: Choice
    pairs: int
    seconds: float
    megabytes: float


def make_plan(left: Table, right: Table, config: LinkConfig) -> Plan:
    """Pair the columns and estimate the rest. Raises as `tk_link.pipeline.run`."""
    start = time.perf_counter()
    left, right, profiles, aligned = prepare(left, right, config)
    views = build_views(left, right, aligned.fields, *profiles)
    return estimate(
        left,
        right,
        aligned.fields,
        aligned.skipped,
        views,
        choice=retrieval.choose(views, config),
        k=config.k or candidates.K,
        threads=config.threads or os.cpu_count() or 1,
        since=start,
    )


def estimate(
    left: Table,
    right: Table,
    fields: tuple[Field, ...],
    skipped: tuple[Skipped, ...],
    views: Views,
    *,
    choice: Choice,
    k: int,
    threads: int,
    since: float,
) -> Plan:
    """Estimate what comes after the columns are chosen.

    Args:
        left: Left table.
        right: Right table; the same object where rows of one table are compared.
        fields: Compared columns.
        skipped: Columns left out.
        views: Texts to search by.
        choice: Whether that is by letters, by meaning or by both.
        k: Nearest rows that each row proposes.
        threads: Processor threads.
        since: `time.perf_counter` when preparation began.
    """
    vectors = _vectors(views)
    if candidates.is_small(vectors[0]):
        proposed = len(vectors) * (len(left) * k + len(right) * max(k // 2, 1))
        pairs = min(round(_UNION * proposed), len(left) * len(right))
        products = 2 * sum(pair.products() for pair in vectors)
        how = f"the {k} nearest texts of each row ({products:.1g} products)"
    else:
        pairs = len(passes.collide(left, right, fields))  # cheap enough to do, not guess
        products = 0.0
        how = "rows that agree on a rare value, or on two values that are rare together"
    if choice.retrieval != "lexical":
        near = round(_UNION * (len(left) * k + len(right) * max(k // 2, 1)))
        by_meaning = f"the {k} nearest rows of each row by meaning"
        if choice.retrieval == "dense":
            pairs, products, how = near, 0.0, by_meaning
        else:
            pairs, how = pairs + near, f"{how}, and {by_meaning}"
        pairs = min(pairs, len(left) * len(right))
    if left is right:
        pairs //= 2  # each is proposed from both its rows
    each = len(fields) * _COMPARE + _SCORE
    text = sum(table.text.estimated_size("mb") for table in (left, right))
    grams = sum(side.nnz for pair in vectors for side in (pair.left, pair.right))
    prepared = time.perf_counter() - since
    return Plan(
        fields=fields,
        skipped=skipped,
        retrieval=how,
        choice=choice,
        pairs=pairs,
        seconds=_START_UP
        + prepared
        + products / (_PRODUCTS * threads)
        + pairs * each
        + choice.seconds,
        megabytes=_BASE_MB
        + 4 * text
        + grams * _GRAM_MB
        + pairs * _PAIR_MB
        + (choice.retrieval != "lexical") * (_MODEL_MB + (len(left) + len(right)) * _VECTOR_MB),
    )


def _vectors(views: Views) -> list[VectorPair]:
    texts = [views.record, *([views.identifying] if views.identifying is not None else [])]
    return [vectorise(*pair) for pair in texts]
