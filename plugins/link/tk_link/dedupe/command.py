"""One run of `tk dedupe` from end to end: read, stack, check, cluster, shape, write, tell."""

from __future__ import annotations

import logging
from dataclasses import replace

import typer

from tk.errors import UsageError
from tk_link.command import Talk, reporting, show, tell
from tk_link.dedupe.columns import check_columns
from tk_link.dedupe.settings import DedupeSettings
from tk_link.dedupe.stack import Stack, read_files, stack
from tk_link.masking import masked
from tk_link.offline import check_offline
from tk_link.page.place import check_report
from tk_link.progress import TerminalProgress
from tk_link.reading.source import place
from tk_link.writing import check_output, write_table


def run_dedupe(settings: DedupeSettings, talk: Talk) -> None:
    """Carry out `settings`.

    Raises:
        TkError: With the exit code that says what kind of trouble it was.
    """
    with TerminalProgress(enabled=not talk.quiet) as progress:
        settings, stacked = _read(settings, talk)
        # A wrong name is said before scipy loads.
        from tk_link.dedupe.pipeline import run_closely  # noqa: PLC0415
        from tk_link.dedupe.report import report_json  # noqa: PLC0415
        from tk_link.dedupe.shape import all_pairs_frame, pairs_frame, shape  # noqa: PLC0415
        from tk_link.dedupe.summary import summarise  # noqa: PLC0415

        done = run_closely(stacked.table, settings.dedupe, progress=progress)
        clustering, closely = done.clustering, done if settings.report is not None else None
        del done  # what all candidates were compared on is large
        frame = shape(clustering, stacked, settings.dedupe)
        progress.stage("writing")
        if settings.output is not None:
            write_table(frame, settings.output, if_exists=settings.if_exists)
        if settings.pairs is not None:
            written = all_pairs_frame if settings.all_pairs else pairs_frame
            pairs = written(clustering, stacked)
            write_table(pairs, settings.pairs, if_exists=settings.if_exists)
    try:
        if settings.output is None and not talk.json:
            show(frame)
        if talk.json:
            typer.echo(report_json(clustering, stacked, settings, kept=len(frame)))
        if not talk.quiet:
            lines = summarise(
                clustering,
                stacked,
                settings,
                kept=len(frame),
                words=talk.words,
                verbose=talk.verbose,
            )
            tell(lines)
    finally:  # last, so that it can cost nothing else; also where a reader has gone away
        if settings.report is not None and closely is not None:
            with reporting(settings.report, talk):
                from tk_link.page.reports import write_dedupe_report  # noqa: PLC0415 - as above

                write_dedupe_report(closely, stacked, settings, settings.report, words=talk.words)


def plan_dedupe(settings: DedupeSettings, talk: Talk) -> None:
    """Say what `settings` would do and what it would take; search and write nothing.

    Raises:
        TkError: Whatever the run itself would meet before it begins to search.
    """
    with TerminalProgress(enabled=not talk.quiet):
        settings, stacked = _read(settings, talk)
        from tk_link.dedupe.plan import make_plan  # noqa: PLC0415 - as above
        from tk_link.dedupe.report import plan_json  # noqa: PLC0415
        from tk_link.dedupe.summary import describe  # noqa: PLC0415

        plan = make_plan(stacked.table, settings.dedupe)
    if talk.json:
        typer.echo(plan_json(plan, stacked))
    else:
        tell(describe(plan, stacked, words=talk.words, verbose=talk.verbose))


def _read(settings: DedupeSettings, talk: Talk) -> tuple[DedupeSettings, Stack]:
    """Read and stack the files, after everything that can be checked without them."""
    if talk.verbose:
        logging.basicConfig(format="%(name)s: %(message)s")
        logging.getLogger("tk_link").setLevel(logging.INFO)
    if not settings.files:
        raise UsageError("FILE missing; name a table, or several: tk dedupe table.csv")
    outputs = [output for output in (settings.output, settings.pairs) if output is not None]
    if settings.dedupe.offline:
        check_offline([*settings.files, *outputs])
    for output in outputs:
        check_output(output, settings.files, if_exists=settings.if_exists)
    if len({place(output) for output in outputs}) < len(outputs):
        raise UsageError(
            f"--output and --pairs are one file, {masked(settings.pairs or '')}; name two"
        )
    if settings.report is not None:
        check_report(settings.report, settings.files, outputs)
    stacked = stack(read_files(settings.files), source=settings.dedupe.source)
    check_columns(settings.dedupe, stacked)
    source = stacked.source or settings.dedupe.source
    return replace(settings, dedupe=replace(settings.dedupe, source=source)), stacked
