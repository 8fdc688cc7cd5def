"""What a run will do, decided before it does it: columns, views, search, and what they will take.

One `Plan` is made for a dry run, which prints it, and for a run, which carries it out.

The cost of retrieval is counted, not guessed: a sparse product multiplies every left row that has
a gram with every right row that has it, and passes are so cheap that they are run. The rates were
measured on two cores (dblp-acm, beer, abt-buy, imdb-tmdb, people of 10,000 to a million rows) and
held within a factor of two on each.
"""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass

from tk.errors import InputError
from tk_link import align, candidates, retrieval, rules
from tk_link.align import Alignment
from tk_link.candidates import Search
from tk_link.computed import with_computed
from tk_link.config import LinkConfig
from tk_link.dense import Choice
from tk_link.fields import Field
from tk_link.linkage import Recall, Skipped
from tk_link.passes import Yield
from tk_link.profile import Profile, profile
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

Profiles = tuple[dict[str, Profile], dict[str, Profile]]


@dataclass(frozen=True)
class Plan:
    """What a run does, and what that takes.

    Attributes:
        fields: The columns that are compared.
        skipped: The columns left out, each with its reason.
        texts: The texts that rows are searched by, in words.
        retrieval: How candidates are found, in words.
        choice: Whether that is by letters, by meaning or by both, why, and the seconds that
            encoding texts takes where none is known from an earlier run.
        passes: What each pass proposes, where passes propose.
        recall: Expected share of the true pairs among the candidates; None where all texts are
            compared, or nothing is known.
        pairs: Candidate pairs, about; fewer where options rule some out.
        seconds: Time, about, start-up included.
        megabytes: Greatest memory, about.
        views: Those texts.
        search: How candidates are found.
    """

    fields: tuple[Field, ...]
    skipped: tuple[Skipped, ...]
    texts: tuple[str, ...]
    retrieval: str
    choice: Choice
    passes: tuple[Yield, ...]
    recall: Recall | None
    pairs: int
    seconds: float
    megabytes: float
    views: Views
    search: Search

    def figures(self) -> dict[str, object]:
        """Return what a dry run prints as plain data."""
        return {
            "fields": [asdict(field) for field in self.fields],
            "skipped": [asdict(column) for column in self.skipped],
            "texts": list(self.texts),
            "retrieval": self.retrieval,
            "choice": asdict(self.choice),
            "passes": [asdict(each) for each in self.passes],
            "recall": asdict(self.recall) if self.recall is not None else None,
            "pairs": self.pairs,
            "seconds": self.seconds,
            "megabytes": self.megabytes,
        }


def make_plan(left: Table, right: Table, config: LinkConfig) -> Plan:
    """Decide everything. Raises as `tk_link.pipeline.run`."""
    start = time.perf_counter()
    left, right, profiles, aligned = prepare(left, right, config)
    return plan_rest(left, right, profiles, aligned, config, since=start)


def prepare(
    left: Table, right: Table, config: LinkConfig
) -> tuple[Table, Table, Profiles, Alignment]:
    """Profile the columns of both tables and pair them.

    Returns:
        The tables with the columns that are computed, their profiles, and the pairs.

    Raises:
        InputError: A table is empty or no columns correspond.
    """
    for table in (left, right):
        if not len(table):
            raise InputError(f"'{table.name}' has no rows; there is nothing to link")
    profiles = profile(left), profile(right)
    aligned = align.align(
        left,
        right,
        *profiles,
        on=config.on,
        types=dict(config.types),
        weights=dict(config.weights),
    )
    columns = [f.left for f in aligned.fields], [f.right for f in aligned.fields]
    lefts = align.with_profiles(left, profiles[0], columns[0])
    rights = align.with_profiles(right, profiles[1], columns[1])
    return (
        with_computed(left, columns[0]),
        with_computed(right, columns[1]),
        (lefts, rights),
        aligned,
    )


def plan_rest(
    left: Table,
    right: Table,
    profiles: Profiles,
    aligned: Alignment,
    config: LinkConfig,
    *,
    since: float,
) -> Plan:
    """Decide what comes after the columns are chosen.

    Args:
        left: Left table.
        right: Right table.
        profiles: What their columns hold.
        aligned: The columns that are compared.
        config: Options.
        since: `time.perf_counter` when preparation began.

    Raises:
        InputError: ``--block`` names a column that is not compared.
    """
    fields, threads = aligned.fields, threads_of(config.threads)
    views = build_views(left, right, fields, *profiles)
    block = [[rules.field_of(c, fields, "--block") for c in group] for group in config.block]
    search = candidates.plan_search(left, right, fields, views, block=block, threads=threads)
    return estimate(
        left,
        right,
        fields,
        aligned.skipped,
        views=views,
        choice=retrieval.choose(views, config),
        search=search,
        k=config.k or candidates.K,
        threads=threads,
        since=since,
    )


def threads_of(asked: int | None) -> int:
    """Return how many threads a run uses: as many as asked for, or one a processor."""
    return asked or os.cpu_count() or 1


def estimate(
    left: Table,
    right: Table,
    fields: tuple[Field, ...],
    skipped: tuple[Skipped, ...],
    *,
    views: Views,
    choice: Choice,
    search: Search,
    k: int,
    threads: int,
    since: float,
) -> Plan:
    """Return the plan of a search, with what it will take.

    Args:
        left: Left table.
        right: Right table; the same object where rows of one table are compared.
        fields: Compared columns.
        skipped: Columns left out.
        views: Texts to search by.
        choice: Whether candidates are found by letters, by meaning or by both.
        search: How they are found by letters.
        k: Nearest rows that each row proposes.
        threads: Processor threads.
        since: `time.perf_counter` when preparation began.
    """
    found, pairs, products = _retrieval(search, k)
    if choice.retrieval != "lexical":
        found, pairs, products = _with_meaning(choice, search, k, (found, pairs, products))
    if left is right:
        pairs //= 2  # each is proposed from both its rows
    each = len(fields) * _COMPARE + _SCORE
    text = sum(table.text.estimated_size("mb") for table in (left, right))
    grams = sum(side.nnz for pair in search.vectors for side in (pair.left, pair.right))
    prepared = time.perf_counter() - since
    return Plan(
        fields=fields,
        skipped=skipped,
        texts=_texts(views, search),
        retrieval=found,
        choice=choice,
        passes=search.met.yields if search.met is not None else (),
        recall=_recall(search),
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
        views=views,
        search=search,
    )


def _retrieval(search: Search, k: int) -> tuple[str, int, float]:
    """Return a search in words, the pairs it proposes and its products, about."""
    if search.whole is not None:
        return "all pairs that agree on a block", len(search.whole), 0.0
    if search.met is None:
        pairs, products = _nearest(search, k)
        return f"the {k} nearest texts of each row ({products:.1g} products)", pairs, products
    passes = "pass" if len(search.met.yields) == 1 else "passes"
    words = f"rows that share a rare value in {len(search.met.yields)} {passes}"
    if not search.needs_rare_grams:
        return words, len(search.met.keys), 0.0
    few, (height, width) = candidates.K_RARE, search.heights
    why = "find matches alone" if search.lacks_others else "miss too much"
    more = round(_UNION * (height * few + width * max(few // 2, 1)))
    words += f", and the {few} nearest of each row by rare n-grams, as passes {why}"
    return words, len(search.met.keys) + more, 2 * candidates.MOST_PRODUCTS


def _with_meaning(
    choice: Choice, search: Search, k: int, by_letters: tuple[str, int, float]
) -> tuple[str, int, float]:
    """Return what `_retrieval` does, where meaning proposes pairs too or alone."""
    words, pairs, products = by_letters
    height, width = search.heights
    near = round(_UNION * (height * k + width * max(k // 2, 1)))
    by_meaning = f"the {k} nearest rows of each row by meaning"
    if choice.retrieval == "dense":
        return by_meaning, min(near, height * width), 0.0
    return f"{words}, and {by_meaning}", min(pairs + near, height * width), products


def _nearest(search: Search, k: int) -> tuple[int, float]:
    """Return how many pairs a search of all texts proposes, and its products."""
    height, width = search.heights
    proposed = len(search.vectors) * (height * k + width * max(k // 2, 1))
    products = 2 * sum(pair.products() for pair in search.vectors)
    return min(round(_UNION * proposed), height * width), products


def _texts(views: Views, search: Search) -> tuple[str, ...]:
    whole = "the whole record"
    if views.identifying_field is None or len(search.vectors) == 1:
        return (whole,)
    return whole, f"{views.identifying_field.label} alone"


def _recall(search: Search) -> Recall | None:
    if search.whole is not None:
        return search.recall(search.whole)
    return search.met.recall if search.met is not None else None
