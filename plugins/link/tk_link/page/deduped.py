"""The page of a search for duplicates."""

from __future__ import annotations

from itertools import islice

import numpy as np
import polars as pl

from tk.charts import Chart
from tk_link.dedupe.clustering import Clustering
from tk_link.dedupe.pipeline import Run
from tk_link.dedupe.settings import DedupeSettings
from tk_link.dedupe.shape import names
from tk_link.dedupe.stack import Stack
from tk_link.page.cells import cell, clean, line
from tk_link.page.content import (
    CloseCall,
    Cluster,
    Clusters,
    Cut,
    Example,
    Figure,
    Input,
    Page,
    Part,
    Recipe,
)
from tk_link.page.estimates import Choice, cut_chart, cuts, score_chart
from tk_link.page.evidence import Evidence
from tk_link.page.parts import (
    CLOSE_CALLS,
    IN_LINE,
    MOST_LISTED,
    chance,
    left_out,
    made_by,
    percent,
    share,
    stages,
    told,
)
from tk_link.scoring import levels

_LOOKED_AT, _CLUSTERS, _ROWS, _COLUMNS, _CELL = 100, 5, 8, 5, 100
_SIZES = ((1, 1), (2, 2), (3, 3), (4, 9), (10, 49), (50, None))
_CUTS_NOTE = (
    "Estimated without labels, for pairs joined by their own probability: the sum of probabilities "
    "is the expected number of true pairs. Clustering joins and parts some more. Recall counts the "
    "pairs that were compared; true pairs that share too little text to be compared are in neither "
    "number."
)


def dedupe_page(
    run: Run, stack: Stack, settings: DedupeSettings, recipes: tuple[Recipe, ...]
) -> Page:
    """Return what stands on the page of a search for duplicates.

    Args:
        run: All that the run computed.
        stack: What was searched.
        settings: What was asked for.
        recipes: How to repeat it.
    """
    found, evidence = run.clustering, _evidence(run, stack)
    choice = Choice(run.scored["match_probability"].to_numpy(), settings.dedupe.min_prob)
    table = cuts(choice)
    joined = found.rows.filter(pl.col("cluster_size") > 1)
    return Page(
        kind="dedupe",
        title=", ".join(clean(part.name) for part in stack.parts[:3])
        + (f" and {len(stack.parts) - 3} more" if len(stack.parts) > 3 else ""),
        headline=_headline(found, joined, len(stack.table)),
        figures=_figures(run, joined, table),
        warnings=told(found.warnings),
        parts=_parts(found.rows),
        inputs=_inputs(found, stack),
        compared=evidence.compared(MOST_LISTED),
        more_compared=max(len(evidence.features.names) - MOST_LISTED, 0),
        left_out=left_out(found.skipped),
        more_left_out=max(len(found.skipped) - MOST_LISTED, 0),
        decided=(
            (
                "candidates",
                f"{found.candidates:,} pairs, {share(found.candidates, len(found.rows)):.1f} a row",
            ),
            ("clusters", f"by --cluster {found.method}"),
            ("cut", f"{settings.dedupe.min_prob:.2f}"),
            ("rows kept", settings.dedupe.keep),
        ),
        charts=(_scores(run), cut_chart(choice)) if table else (),
        cuts=table,
        cuts_note=_CUTS_NOTE,
        examples=_examples(run, evidence),
        close_calls=_close_calls(run, stack, evidence, settings.dedupe.min_prob),
        clusters=_clusters(found, stack, evidence),
        timings=stages(found.timings),
        recipes=recipes,
        made=made_by(),
    )


def _evidence(run: Run, stack: Stack) -> Evidence:
    within, called = run.within, names(run.clustering, stack)
    return Evidence(
        run.clustering.fields,
        (stack.table, stack.table),
        (called, called),
        within.pairs,
        within.features,
        levels.cut(within.features),
        within.model,
    )


def _headline(found: Clustering, joined: pl.DataFrame, height: int) -> str:
    if not len(joined):
        return f"None of {height:,} rows has a duplicate."
    entities = height - len(joined) + joined["cluster"].n_unique()
    return (
        f"{height:,} rows are {entities:,} entities; an estimated {percent(found.precision)} of "
        "the joined pairs are true."
    )


def _figures(run: Run, joined: pl.DataFrame, table: tuple[Cut, ...]) -> tuple[Figure, ...]:
    found = run.clustering
    clusters, height = joined["cluster"].n_unique(), len(found.rows)
    out = [
        Figure(f"{len(joined):,}", "rows with a twin", f"{share(len(joined), height):.0%} of all"),
        Figure(f"{clusters:,}", "clusters of two or more"),
        Figure(f"{len(found.pairs):,}", "pairs joined", f"of {len(run.scored):,} scored"),
    ]
    if clusters:
        out.append(Figure(percent(found.precision), "precision", "estimated, of joined pairs"))
        note = "estimated, of what was compared"
        out += [Figure(percent(c.recall), "recall", note) for c in table if c.is_chosen]
    return tuple(out)


def _parts(rows: pl.DataFrame) -> tuple[Part, ...]:
    """Count rows by the size of their cluster."""
    sizes, out = rows["cluster_size"], []
    for low, high in _SIZES:
        chosen = rows.filter(sizes.is_between(low, high or len(rows)))
        if len(chosen):
            name = "alone" if high == 1 else f"{low}" if low == high else f"{low} to {high}"
            clusters = chosen["cluster"].n_unique()
            meaning = "rows without a twin" if high == 1 else f"rows in {clusters:,} clusters"
            name = f"{low} or more" if high is None else name
            out.append(Part(name, len(chosen), share(len(chosen), len(rows)), meaning))
    return tuple(out)


def _inputs(found: Clustering, stack: Stack) -> tuple[Input, ...]:
    named = "row number" if found.id_column is None else clean(found.id_column)
    return tuple(
        Input(
            "file",
            clean(part.name),
            len(part),
            len(part.columns),
            named,
            tuple(map(clean, part.notes)),
        )
        for part in stack.parts[:MOST_LISTED]
    )


def _scores(run: Run) -> Chart:
    """Draw the surest pair of every row that was compared."""
    pairs, surest = run.within.pairs, np.full(len(run.clustering.rows), -np.inf)
    for side in (pairs.left, pairs.right):
        np.maximum.at(surest, side, run.within.log_odds / np.log(2))
    compared = np.isfinite(surest)
    return score_chart(
        surest[compared],
        (run.clustering.rows["cluster_size"] > 1).to_numpy()[compared],
        what="each row's surest pair",
        names=("joined", "left alone"),
    )


def _examples(run: Run, evidence: Evidence) -> tuple[Example, ...]:
    """Take apart pairs that show the range: sure, usual, doubtful, and apart."""
    compared = pl.DataFrame(
        {"left_row": evidence.pairs.left, "right_row": evidence.pairs.right}
    ).cast(pl.Int64)
    scored = run.scored.join(compared, on=["left_row", "right_row"], how="semi").sort(
        "match_probability", "left_row", "right_row", descending=[True, False, False]
    )
    joined, apart = scored.filter("is_joined"), scored.filter(~pl.col("is_joined"))
    chosen = [
        ("The surest pair joined", joined.head(1)),
        ("A joined pair in the middle", joined[len(joined) // 2 :].head(1)),
        ("The least sure pair joined", joined.tail(1)),
        ("The surest pair kept apart", apart.head(1)),
    ]
    found, seen = [], set[tuple[int, int]]()
    for title, pair in chosen:
        for left, right, probability, is_joined in pair.iter_rows():  # one or none
            verdict = f"{'joined' if is_joined else 'apart'}, probability {chance(probability)}"
            if (left, right) not in seen:
                found.append(evidence.example(title, verdict, (left, right)))
            seen.add((left, right))
    return tuple(example for example in found if example is not None)


def _close_calls(run: Run, stack: Stack, evidence: Evidence, cut: float) -> tuple[CloseCall, ...]:
    columns = [field.left for field in evidence.telling(IN_LINE)]
    distance = (pl.col("match_probability") - cut).abs()
    pairs = run.scored.bottom_k(_LOOKED_AT, by=distance).sort(distance, "left_row")
    calls = (
        CloseCall(
            probability,
            "joined" if is_joined else "apart",
            line(stack.table, left, columns),
            line(stack.table, right, columns),
        )
        for left, right, probability, is_joined in pairs.iter_rows()
    )
    return tuple(islice(dict.fromkeys(calls), CLOSE_CALLS))  # equal rows say the same again


def _clusters(found: Clustering, stack: Stack, evidence: Evidence) -> Clusters:
    """Return the largest clusters, and of the others the weakest."""
    columns = [field.left for field in evidence.telling(_COLUMNS)]
    called = names(found, stack)
    heads = found.rows.filter("is_canonical", pl.col("cluster_size") > 1)
    largest = heads.sort("cluster_size", "cluster", descending=[True, False]).head(_CLUSTERS)
    others = heads.join(largest, on="cluster", how="anti", maintain_order="left")
    weakest = others.sort("cluster_confidence", "cluster").head(_CLUSTERS)

    def shown(frame: pl.DataFrame) -> tuple[Cluster, ...]:
        out = []
        for cluster, size, confidence, _ in frame.iter_rows():  # `_CLUSTERS` at most
            rows = (found.rows["cluster"] == cluster).arg_true().head(_ROWS)
            cells = tuple(
                (clean(str(called[row])), *(cell(stack.table, row, c, most=_CELL) for c in columns))
                for row in rows
            )
            out.append(Cluster(clean(str(called[cluster])), size, confidence, cells))
        return tuple(out)

    labels = ("row", *(clean(column, most=60) for column in columns))
    return Clusters(labels, shown(largest), shown(weakest))
