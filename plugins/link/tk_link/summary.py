"""What was read, decided and written, in lines that a person reads."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tk_link.config import Earlier
from tk_link.fields import Field
from tk_link.linkage import Linkage, Recall, Skipped
from tk_link.masking import masked
from tk_link.outcome import borderline, linked_rows, status_counts
from tk_link.settings import Settings
from tk_link.shape import renamed
from tk_link.tables import Table

if TYPE_CHECKING:  # the plan brings scipy, which a wrong file name need not wait for
    from tk_link.plan import Plan

_MARGIN = 12
_FEW = 6


def summarise(
    linkage: Linkage,
    left: Table,
    right: Table,
    settings: Settings,
    *,
    words: Sequence[str],
    verbose: bool = False,
) -> Iterator[str]:
    """Yield the lines of the summary.

    Args:
        linkage: What was decided.
        left: The left table.
        right: The right table.
        settings: What was asked for.
        words: What was typed after ``tk link``, for the command to type next.
        verbose: Also tell all columns left out, and timings.
    """
    yield from _tables(left, right)
    yield from _columns(linkage.fields, linkage.skipped, verbose=verbose)
    for side, name in (("left id", linkage.left_id), ("right id", linkage.right_id)):
        yield line(side, name if name is not None else "none; the row number stands for it")
    yield from _decisions(linkage, left, verbose=verbose)
    if linkage.judged is not None and settings.state is None:  # which tells of all that it has
        yield line("judged", str(linkage.judged))
    yield from _result(linkage, left, right)
    if settings.output.output is not None:
        yield line("written", masked(settings.output.output))
    if not settings.output.pairs:
        for name, new in renamed(left, right, settings.output.suffix).items():
            yield line("note", f"column {name!r} is yours and stays; ours is {new!r}")
    if verbose and linkage.timings:
        spent = ", ".join(f"{stage} {time:.1f} s" for stage, time in linkage.timings.items())
        yield line("time", spent)
    for warning in linkage.warnings:
        yield line("warning", warning)
    if linkage.draws is None:
        yield line("next", _advice(linkage, settings, words))
    else:
        yield line("next", "do the analysis once for each draw, and pool what comes out")


def describe(
    plan: Plan, left: Table, right: Table, *, words: Sequence[str], verbose: bool = False
) -> Iterator[str]:
    """Yield the lines of a dry run."""
    yield from _tables(left, right)
    yield from _columns(plan.fields, plan.skipped, verbose=verbose)
    yield line("texts", " and ".join(plan.texts))
    yield line("candidates", f"about {plan.pairs:,} pairs: {plan.retrieval}")
    yield from retrieval(plan.choice.retrieval, plan.choice.reason, verbose=verbose)
    yield from encoding(plan.choice.seconds)
    for each in plan.passes:
        yield line("", f"{each.pairs:>11,} pairs ({each.share:.0%} of likely ones): {each.name}")
    if plan.recall is not None:
        yield line("recall", said_recall(plan.recall))
    yield line("time", f"about {plan.seconds:.0f} s on this machine, within a factor of two")
    yield line("memory", f"about {plan.megabytes:,.0f} MB")
    for warning in plan.choice.warnings:
        yield line("warning", warning)
    yield line("next", f"do it: {_again([word for word in words if word != '--plan'])}")


def plan_earlier(earlier: Earlier) -> Iterator[str]:
    """Yield what becomes of earlier decisions, where it is not what always does."""
    if earlier == "keep":
        yield line("earlier", "what the state's last run decided stays; judgements alone overrule")


def said_recall(recall: Recall) -> str:
    """Say an expected recall in words."""
    return (
        f"about {recall.share:.1%} of the true pairs are candidates ({recall.low:.1%} to "
        f"{recall.high:.1%}), as of rows that are each other's nearest text"
    )


def line(label: str, text: str) -> str:
    """Put a label before a text; every line of a summary looks like this."""
    return f"{label:<{_MARGIN}}{text}"


def retrieval(kind: str, reason: str, notes: Sequence[str] = (), *, verbose: bool) -> Iterator[str]:
    """Yield how candidates were found, if it was not by letters as usual; `verbose` always does."""
    if kind != "lexical" or verbose:
        yield line("retrieval", f"{kind}: {reason}")
        for note in notes if verbose else notes[:1]:
            yield line("", note)


def encoding(seconds: float) -> Iterator[str]:
    """Yield the time that encoding texts would take, if any are."""
    if seconds:
        yield line("encoding", f"about {seconds:.0f} s for a small model; known texts take none")


def _tables(left: Table, right: Table) -> Iterator[str]:
    for side, table in (("left", left), ("right", right)):
        notes = f" ({'; '.join(table.notes)})" if table.notes else ""
        yield line(
            side, f"{table.name}: {len(table):,} rows, {len(table.columns):,} columns{notes}"
        )


def _columns(
    fields: Sequence[Field], skipped: Sequence[Skipped], *, verbose: bool
) -> Iterator[str]:
    width = max((len(field.label) for field in fields), default=0)
    for at, field in enumerate(fields):
        weight = f", weight {field.weight:g}" if field.weight != 1 else ""
        text = f"{field.label:<{width}}  {field.type:<8}  {field.why}{weight}"
        yield line("" if at else "compared", text)
    shown = skipped if verbose else skipped[:_FEW]
    for at, column in enumerate(shown):
        text = f"{column.table}: {column.column} ({column.reason})"
        yield line("" if at else "left out", text)
    if len(shown) < len(skipped):
        yield line("", f"and {len(skipped) - len(shown)} more (-v names them)")


def _decisions(linkage: Linkage, left: Table, *, verbose: bool) -> Iterator[str]:
    each = linkage.candidates / max(len(left), 1)
    yield line("candidates", f"{linkage.candidates:,} pairs, {each:.1f} for each left row")
    choice = linkage.choice
    yield from retrieval(choice.retrieval, choice.reason, linkage.retrieval_notes, verbose=verbose)
    if linkage.recall is not None:
        yield line("recall", said_recall(linkage.recall))
    yield line("partners", f"{linkage.how}: {linkage.how_reason}")
    yield line("cut", f"{linkage.cut:.2f}: {linkage.cut_reason}")


def _result(linkage: Linkage, left: Table, right: Table) -> Iterator[str]:
    counts = status_counts(linkage, left)
    said = ", ".join(f"{count:,} {status}" for status, count in counts.items() if count)
    yield line("result", f"{linked_rows(linkage):,} of {len(left):,} left rows linked ({said})")
    if not math.isnan(linkage.precision) and counts["match"] + counts["review"]:
        low, high = linkage.precision_range
        yield line(
            "precision",
            f"about {linkage.precision:.0%} of the pairs are true ({low:.0%} to {high:.0%}), "
            "estimated without labels",
        )
    if linkage.variants:
        kinds = list(linkage.variants.items())
        shown, rest = kinds[:_FEW], sum(count for _, count in kinds[_FEW:])
        named = [*shown, *([("other", rest)] if rest else [])]
        told = ", ".join(f"{kind} {count:,}" for kind, count in named)
        yield line("variants", f"of one thing, but told apart, so not accepted: {told}")
    pairs = borderline(linkage, left, right)
    for at, (probability, status, one, other) in enumerate(pairs.iter_rows()):  # three
        yield line("" if at else "borderline", f"{probability:.2f} {status:<6}  {one}")
        yield line("", f"{'':13}{other}")


def _advice(linkage: Linkage, settings: Settings, words: Sequence[str]) -> str:
    """Return the command to type next."""
    if not linkage.pairs["match_status"].is_in(["match", "review"]).any():
        best = linkage.pairs["match_probability"].max()
        if isinstance(best, float) and best >= 0.05:
            lower = f"{max(math.floor(best * 20) / 20 - 0.05, 0.05):.2f}"
            again = _again(words, "--min-prob", lower)
            return f"no pair reached the cut, the best has {best:.2f}; to see some: {again}"
        return f"nothing alike was found; name the columns: {_again(words, '--on', 'COLUMNS')}"
    if settings.output.output is None:
        return f"keep the result: {_again(words, '-o', 'linked.csv')}"
    if settings.link.explain == "none":
        return f"see why: {_again(words, '--explain')}"
    if linkage.precision < 0.9 and settings.link.precision is None:
        return f"fewer but surer pairs: {_again(words, '--precision', '0.95')}"
    return f"repeat it from a file: {_again(words, '--print-config')} > link.toml"


def _again(words: Sequence[str], *more: str) -> str:
    return masked(f"tk link {shlex.join([*words, *more])}")
