"""One run of `tk link` from end to end: read, check, link, shape, write, tell."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import typer

from tk.errors import InputError, UsageError
from tk_link.databases.address import is_database
from tk_link.finding import Given, find, look_ahead
from tk_link.offline import check_offline
from tk_link.page.place import check_report
from tk_link.preview import print_preview
from tk_link.progress import TerminalProgress
from tk_link.reading import read_table
from tk_link.report import plan_json, report_json
from tk_link.settings import Settings
from tk_link.shape import shape
from tk_link.state.origins import check_state
from tk_link.summary import describe, line, plan_earlier, summarise
from tk_link.tables import Table
from tk_link.writing import check_output, write_stdout, write_table


@dataclass(frozen=True)
class Talk:
    """How much is said, and in which form.

    Attributes:
        quiet: Say nothing but errors.
        verbose: Also say timings and details.
        json: Print the summary as JSON on standard output, and no table.
        words: What was typed after ``tk link``.
    """

    quiet: bool = False
    verbose: bool = False
    json: bool = False
    words: tuple[str, ...] = ()


def run_link(settings: Settings, talk: Talk) -> None:
    """Carry out `settings`.

    Raises:
        TkError: With the exit code that says what kind of trouble it was.
    """
    output, report = settings.output.output, settings.output.report
    with TerminalProgress(enabled=not talk.quiet) as progress:
        found = find(_read(settings, talk), settings, progress=progress)
        left, right, linkage, step = found.left, found.right, found.linkage, found.step
        closely = found.closely if report is not None else None
        frame = shape(
            linkage, left, right, config=settings.link, output=settings.output, ids=found.ids
        )
        del found  # what all candidates were compared on is large
        if output is not None:
            progress.stage("writing")
            write_table(frame, output, if_exists=settings.output.if_exists)
    try:
        if output is None and not talk.json:
            show(frame)
        if talk.json:
            typer.echo(report_json(linkage, left, right, settings, step))
        if not talk.quiet:
            if step is not None:
                from tk_link.state.telling import tell_state  # noqa: PLC0415 - loads scipy

                tell(tell_state(step, settings.state or "", verbose=talk.verbose))
            tell(summarise(linkage, left, right, settings, words=talk.words, verbose=talk.verbose))
    finally:  # last, so that it can cost nothing else; also where a reader has gone away
        if report is not None and closely is not None:
            with reporting(report, talk):
                from tk_link.page.reports import write_link_report  # noqa: PLC0415 - loads scipy

                write_link_report(closely, left, right, settings, report, words=talk.words)


@contextmanager
def reporting(report: str, talk: Talk) -> Iterator[None]:
    """Show that the page of a run is being written, then say where it is."""
    with TerminalProgress(enabled=not talk.quiet) as progress:
        progress.stage("report")
        yield
    if not talk.quiet:
        tell([line("report", report)])


def plan_link(settings: Settings, talk: Talk) -> None:
    """Say what `settings` would do and what it would take; link and write nothing.

    Raises:
        TkError: Whatever the run itself would meet before it begins to link.
    """
    with TerminalProgress(enabled=not talk.quiet):
        left, right, config = look_ahead(_read(settings, talk), settings)
        from tk_link.plan import make_plan  # noqa: PLC0415 - loads scipy

        plan = make_plan(left, right, config)
    if talk.json:
        typer.echo(plan_json(plan, left, right, earlier=settings.earlier))
    else:
        tell(plan_earlier(settings.earlier))
        tell(describe(plan, left, right, words=talk.words, verbose=talk.verbose))


def _read(settings: Settings, talk: Talk) -> Given:
    """Read the tables, after everything that can be checked without them."""
    if talk.verbose:
        logging.basicConfig(format="%(name)s: %(message)s")
        logging.getLogger("tk_link").setLevel(logging.INFO)
    sources = _inputs(settings)
    output, report = settings.output.output, settings.output.report
    if settings.link.offline:
        check_offline((*sources, output))
    if output is not None:
        check_output(output, sources, if_exists=settings.output.if_exists)
    if report is not None:
        check_report(report, sources, [output])
    if settings.state is not None:
        others = [*sources, *settings.judged, *([output] if output is not None else [])]
        check_state(settings.state, others)
    left, right = (
        None if source is None else _read_side(side, source)
        for side, source in (("left", settings.left), ("right", settings.right))
    )
    if settings.sample is not None and left is not None:
        left = _sampled(left, settings.sample, settings.link.seed)
    return Given(left, right)


def _read_side(side: str, source: str) -> Table:
    """Read one table; of two databases an error says which it is of."""
    try:
        return read_table(source)
    except InputError as error:
        if is_database(source):
            raise InputError(f"{side}: {error.message}") from error
        raise


def _inputs(settings: Settings) -> list[str]:
    """Return the tables to read: two, or as many as are given where a state knows the others."""
    left, right = settings.left, settings.right
    known = settings.state is not None and Path(settings.state).expanduser().exists()
    if not known and (left is None or right is None):
        missing = "LEFT and RIGHT" if left is None else "RIGHT"
        raise UsageError(f"{missing} missing; name two tables: tk link left.csv right.csv")
    if left == right == "-":
        raise UsageError("only one of the two tables can come from standard input (-)")
    return [source for source in (left, right) if source is not None]


def _sampled(table: Table, size: int, seed: int) -> Table:
    """Return `size` rows drawn at random, in their order."""
    if size >= len(table):
        return table
    rows = pl.int_range(len(table), eager=True).sample(size, seed=seed).sort()
    note = f"a sample of {size:,} of {len(table):,} rows"
    return replace(
        table, frame=table.frame[rows], text=table.text[rows], notes=(*table.notes, note)
    )


def show(frame: pl.DataFrame) -> None:
    """Print a preview on a terminal, csv elsewhere."""
    if sys.stdout is not None and sys.stdout.isatty():
        print_preview(frame)
    else:
        write_stdout(frame)


def tell(lines: Iterable[str]) -> None:
    """Print lines on standard error."""
    for text in lines:
        typer.echo(text, err=True)
