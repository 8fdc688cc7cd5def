"""What was read, found and written, in lines that a person reads."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence

from tk_link.dedupe.clustering import Clustering
from tk_link.dedupe.outcome import Outcome, figures
from tk_link.dedupe.settings import DedupeSettings
from tk_link.dedupe.shape import renamed
from tk_link.dedupe.stack import Stack
from tk_link.fields import Field
from tk_link.linkage import Skipped
from tk_link.masking import masked
from tk_link.plan import Plan
from tk_link.summary import encoding, line, retrieval, said_recall
from tk_link.tables import Table

_FEW = 6
_KEPT = {
    "first": "the first row of each cluster",
    "best": "the most complete row of each cluster",
    "golden": "one row merged from each cluster",
}


def summarise(
    clustering: Clustering,
    stack: Stack,
    settings: DedupeSettings,
    *,
    kept: int,
    words: Sequence[str],
    verbose: bool = False,
) -> Iterator[str]:
    """Yield the lines of the summary.

    Args:
        clustering: What was found.
        stack: What was searched.
        settings: What was asked for.
        kept: Rows written.
        words: What was typed after ``tk dedupe``, for the command to type next.
        verbose: Also tell all columns left out, and timings.
    """
    found = figures(clustering, stack)
    yield from _head(stack.parts, clustering.fields, clustering.skipped, verbose=verbose)
    named = clustering.id_column
    yield line("row id", named if named is not None else "none; the row number stands for it")
    choice = clustering.choice
    yield from retrieval(
        choice.retrieval, choice.reason, clustering.retrieval_notes, verbose=verbose
    )
    yield from _result(clustering, stack, settings, found)
    if settings.dedupe.keep != "all":
        gone = len(stack.table) - kept
        what = f"{_KEPT[settings.dedupe.keep]}: {kept:,} rows stay, {gone:,} went"
        yield line("kept", what)
    for label, file in (("written", settings.output), ("pairs in", settings.pairs)):
        if file is not None:
            yield line(label, masked(file))
    for name, new in renamed(stack).items():
        yield line("note", f"column {name!r} is yours and stays; ours is {new!r}")
    if verbose and clustering.timings:
        spent = ", ".join(f"{stage} {time:.1f} s" for stage, time in clustering.timings.items())
        yield line("time", spent)
    for warning in clustering.warnings:
        yield line("warning", warning)
    if clustering.draws is None:
        yield line("next", _advice(clustering, settings, found, words))
    else:
        yield line("next", "do the analysis once for each draw, and pool what comes out")


def describe(
    plan: Plan, stack: Stack, *, words: Sequence[str], verbose: bool = False
) -> Iterator[str]:
    """Yield the lines of a dry run."""
    yield from _head(stack.parts, plan.fields, plan.skipped, verbose=verbose)
    yield line("candidates", plan.retrieval)
    yield from retrieval(plan.choice.retrieval, plan.choice.reason, verbose=verbose)
    yield from encoding(plan.choice.seconds)
    for each in plan.passes:
        yield line("", f"{each.pairs:>11,} pairs ({each.share:.0%} of likely ones): {each.name}")
    if plan.recall is not None:
        yield line("recall", said_recall(plan.recall))
    yield line("pairs", f"about {plan.pairs:,} to score")
    yield line("time", f"about {plan.seconds:.0f} s on this machine, within a factor of two")
    yield line("memory", f"about {plan.megabytes:,.0f} MB")
    yield line("next", f"do it: {_again([word for word in words if word != '--plan'])}")


def _head(
    parts: Sequence[Table], fields: Sequence[Field], skipped: Sequence[Skipped], *, verbose: bool
) -> Iterator[str]:
    for at, table in enumerate(parts):
        notes = f" ({'; '.join(table.notes)})" if table.notes else ""
        text = f"{table.name}: {len(table):,} rows, {len(table.columns):,} columns{notes}"
        yield line("" if at else "files" if len(parts) > 1 else "file", text)
    width = max((len(field.label) for field in fields), default=0)
    for at, field in enumerate(fields):
        weight = f", weight {field.weight:g}" if field.weight != 1 else ""
        yield line("" if at else "compared", f"{field.label:<{width}}  {field.type}{weight}")
    shown = skipped if verbose else skipped[:_FEW]
    for at, column in enumerate(shown):
        yield line("" if at else "left out", f"{column.column} ({column.reason})")
    if len(shown) < len(skipped):
        yield line("", f"and {len(skipped) - len(shown)} more (-v names them)")


def _result(
    clustering: Clustering, stack: Stack, settings: DedupeSettings, found: Outcome
) -> Iterator[str]:
    height = len(stack.table)
    yield line(
        "pairs",
        f"{clustering.candidates:,} scored, {clustering.candidates / height:.1f} for each row; "
        f"{len(clustering.pairs):,} joined",
    )
    yield line(
        "clusters",
        f"{found.clusters:,} of two rows or more, with {found.rows:,} of {height:,} rows "
        f"(--cluster {clustering.method}, cut {settings.dedupe.min_prob:.2f})",
    )
    if found.clusters:
        yield line(
            "precision",
            f"about {clustering.precision:.0%} of the joined pairs are true, estimated without "
            "labels",
        )
    for label, clusters in (("largest", found.largest), ("weakest", found.weakest)):
        for at, (size, confidence, row) in enumerate(clusters.iter_rows()):  # three
            yield line("" if at else label, f"{confidence:.2f} {size:>4} rows  {row}")
    for at, (probability, is_joined, one, other) in enumerate(
        found.borderline.iter_rows()
    ):  # three
        said = "joined" if is_joined else "apart"
        yield line("" if at else "borderline", f"{probability:.2f} {said:<8}   {one}")
        yield line("", f"{'':16}{other}")


def _advice(
    clustering: Clustering, settings: DedupeSettings, found: Outcome, words: Sequence[str]
) -> str:
    """Return the command to type next."""
    if not found.clusters:
        best = found.borderline["match_probability"].max()
        if isinstance(best, float) and best >= 0.05:
            lower = f"{max(math.floor(best * 20) / 20 - 0.05, 0.05):.2f}"
            again = _again(words, "--min-prob", lower)
            return f"no pair reached the cut, the best has {best:.2f}; to see some: {again}"
        return f"nothing alike was found; name the columns: {_again(words, '--on', 'COLUMNS')}"
    if settings.output is None:
        return f"keep the result: {_again(words, '-o', 'deduped.csv')}"
    if settings.dedupe.keep == "all":
        return f"one row of each cluster: {_again(words, '--keep', 'best')}"
    if clustering.precision < 0.9 and clustering.method != "complete":
        return f"fewer but surer pairs: {_again(words, '--cluster', 'complete')}"
    return f"repeat it from a file: {_again(words, '--print-config')} > dedupe.toml"


def _again(words: Sequence[str], *more: str) -> str:
    return masked(f"tk dedupe {shlex.join([*words, *more])}")
