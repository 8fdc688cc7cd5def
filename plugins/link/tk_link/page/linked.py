"""The page of a linkage."""

from __future__ import annotations

import numpy as np
import polars as pl

from tk.charts import Chart
from tk_link.linkage import ACCEPTED, Linkage
from tk_link.outcome import linked_rows, nearest, status_counts
from tk_link.page.cells import clean, line, numbered
from tk_link.page.content import CloseCall, Cut, Example, Figure, Input, Page, Part, Recipe
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
from tk_link.pipeline import Run
from tk_link.scoring.matching import assign
from tk_link.tables import Table

_MEANING = {
    "match": "accepted",
    "review": "accepted, to be looked at (--review-band)",
    "variant": "the best candidate is another model of the same thing",
    "tie": "best candidates cannot be told apart (--ties)",
    "lost": "the best candidate went to a better partner",
    "none": "no candidate reached the cut",
}
_CUTS_NOTE = (
    "Estimated without labels: the sum of calibrated probabilities is the expected number of true "
    "pairs. Recall counts the pairs that were compared; true pairs that share too little text to "
    "be compared are in neither number."
)


def link_page(run: Run, left: Table, right: Table, recipes: tuple[Recipe, ...]) -> Page:
    """Return what stands on the page of a linkage.

    Args:
        run: All that the run computed.
        left: Left table.
        right: Right table.
        recipes: How to repeat it.
    """
    linkage, evidence = run.linkage, _evidence(run, left, right)
    choice = cut_choice(run)
    table = cuts(choice)
    skipped = linkage.skipped
    return Page(
        kind="link",
        title=f"{clean(left.name)} ↔ {clean(right.name)}",
        headline=_headline(linkage, left),
        figures=_figures(linkage, left, table),
        warnings=told(linkage.warnings),
        parts=_parts(linkage, left),
        inputs=(_input("left", left, linkage.left_id), _input("right", right, linkage.right_id)),
        compared=evidence.compared(MOST_LISTED),
        more_compared=max(len(evidence.features.names) - MOST_LISTED, 0),
        left_out=left_out(skipped),
        more_left_out=max(len(skipped) - MOST_LISTED, 0),
        decided=(
            (
                "candidates",
                f"{linkage.candidates:,} pairs, "
                f"{share(linkage.candidates, len(left)):.1f} for each left row",
            ),
            ("partners", f"{linkage.how}: {linkage.how_reason}"),
            ("cut", f"{linkage.cut:.2f}: {linkage.cut_reason}"),
        ),
        charts=(_scores(linkage), cut_chart(choice)) if table else (),
        cuts=table,
        cuts_note=_CUTS_NOTE,
        examples=_examples(linkage, evidence),
        close_calls=_close_calls(linkage, evidence),
        clusters=None,
        timings=stages(linkage.timings),
        recipes=recipes,
        made=made_by(),
    )


def _evidence(run: Run, left: Table, right: Table) -> Evidence:
    linkage, scores = run.linkage, run.scores
    names = numbered(left, linkage.left_id), numbered(right, linkage.right_id)
    return Evidence(
        linkage.fields,
        (left, right),
        names,
        run.pairs,
        run.features,
        scores.levels,
        scores.model.additive,
        run.guard,
    )


def cut_choice(run: Run) -> Choice:
    """Return the pairs that a cut chooses from: each row's winners, without the ties dropped."""
    kept = assign(run.pairs, run.scores.order(), run.linkage.how, ~run.guard.is_barred)
    rows = run.linkage.pairs.filter(pl.col("match_status") == "tie")["left_row"].to_numpy()
    is_tied = np.isin(run.pairs.left[kept], rows)
    probability = run.scores.probability[kept]
    missed = float(probability[is_tied].sum())
    return Choice(probability[~is_tied], run.linkage.cut, missed)


def _headline(linkage: Linkage, left: Table) -> str:
    linked = linked_rows(linkage)
    if not linked:
        return f"None of {len(left):,} left rows was linked."
    return (
        f"{linked:,} of {len(left):,} left rows were linked; an estimated "
        f"{percent(linkage.precision)} of the pairs are true."
    )


def _figures(linkage: Linkage, left: Table, table: tuple[Cut, ...]) -> tuple[Figure, ...]:
    linked, accepted = linked_rows(linkage), _accepted(linkage)
    out = [
        Figure(f"{linked:,}", "left rows linked", f"{share(linked, len(left)):.0%} of all"),
        Figure(f"{len(accepted):,}", "pairs", f"of {linkage.candidates:,} compared"),
    ]
    if len(accepted):
        low, high = linkage.precision_range
        out.append(
            Figure(
                percent(linkage.precision),
                "precision",
                f"estimated; {percent(low)} to {percent(high)}",
            )
        )
        note = "estimated, of what was compared"
        out += [Figure(percent(c.recall), "recall", note) for c in table if c.is_chosen]
    return tuple(out)


def _parts(linkage: Linkage, left: Table) -> tuple[Part, ...]:
    counts = status_counts(linkage, left)
    total = sum(counts.values())
    return tuple(
        Part(name, count, share(count, total), _MEANING[name])
        for name, count in counts.items()
        if count
    )


def _input(role: str, table: Table, column: str | None) -> Input:
    named = "row number" if column is None else clean(column)
    notes = tuple(map(clean, table.notes))
    return Input(role, clean(table.name), len(table), len(table.columns), named, notes)


def _accepted(linkage: Linkage) -> pl.DataFrame:
    return linkage.pairs.filter(pl.col("match_status").is_in(ACCEPTED))


def _scores(linkage: Linkage) -> Chart:
    """Draw the scores of accepted pairs and of the best candidates of other rows."""
    accepted = _accepted(linkage)
    others = linkage.pairs.join(accepted, on="left_row", how="anti").unique(
        "left_row", keep="first", maintain_order=True
    )
    shown = pl.concat([accepted, others])
    return score_chart(
        shown["match_score"].to_numpy(),
        shown["match_status"].is_in(ACCEPTED).to_numpy(),
        what="each left row's best pair",
        names=("accepted", "refused"),
    )


def _examples(linkage: Linkage, evidence: Evidence) -> tuple[Example, ...]:
    """Take apart pairs that show the range: sure, usual, doubtful, refused, variant, lost, tied."""
    accepted = _accepted(linkage).sort("match_score", "left_row", descending=[True, False])
    refused = linkage.pairs.sort("match_probability", "left_row", descending=[True, False])
    chosen = [
        ("The surest match", accepted.head(1)),
        ("A match in the middle", accepted[len(accepted) // 2 :].head(1)),
        ("The least sure match", accepted.sort("match_probability", "left_row").head(1)),
        ("The best pair refused", refused.filter(pl.col("match_status") == "none").head(1)),
        ("Another model", refused.filter(pl.col("match_status") == "variant").head(1)),
        ("Lost to a better partner", refused.filter(pl.col("match_status") == "lost").head(1)),
        ("A tie", refused.filter(pl.col("match_status") == "tie").head(1)),
    ]
    found, seen = [], set[tuple[int, int]]()
    for title, pair in chosen:
        for row in pair.iter_rows(named=True):  # one or none
            rows = row["left_row"], row["right_row"]
            verdict = f"{row['match_status']}, probability {chance(row['match_probability'])}"
            example = None if rows in seen else evidence.example(title, verdict, rows)
            seen.add(rows)
            if example is not None:
                found.append(example)
    return tuple(found)


def _close_calls(linkage: Linkage, evidence: Evidence) -> tuple[CloseCall, ...]:
    left, right = evidence.tables
    fields = evidence.telling(IN_LINE)
    lefts, rights = [field.left for field in fields], [field.right for field in fields]
    return tuple(
        CloseCall(
            row["match_probability"],
            row["match_status"],
            line(left, row["left_row"], lefts),
            line(right, row["right_row"], rights),
        )
        for row in nearest(linkage, size=CLOSE_CALLS).iter_rows(named=True)
    )
