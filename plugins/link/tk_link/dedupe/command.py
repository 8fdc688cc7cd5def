"""One run of `tk dedupe` from end to end: read, stack, check, cluster, shape, write, tell."""

from __future__ import annotations

import logging
from dataclasses import replace

import typer

from tk.errors import UsageError
from tk_link.command import Talk, reporting, show, tell
from tk_link.dedupe.finding import Given, check_given, find, look_ahead
from tk_link.dedupe.settings import DedupeSettings
from tk_link.dedupe.stack import read_files
from tk_link.masking import masked
from tk_link.offline import check_offline
from tk_link.page.place import check_report
from tk_link.progress import TerminalProgress
from tk_link.reading.several import expand
from tk_link.reading.source import place
from tk_link.state.origins import check_state
from tk_link.writing import check_output, write_table


def run_dedupe(settings: DedupeSettings, talk: Talk) -> None:
    """Carry out `settings`.

    Raises:
        TkError: With the exit code that says what kind of trouble it was.
    """
    with TerminalProgress(enabled=not talk.quiet) as progress:
        found = find(_read(settings, talk), settings, progress=progress)
        stacked, clustering = found.stack, found.clustering
        settings = replace(settings, dedupe=found.config)
        # A wrong name is said before scipy loads.
        from tk_link.dedupe.report import report_json  # noqa: PLC0415
        from tk_link.dedupe.shape import all_pairs_frame, pairs_frame, shape  # noqa: PLC0415
        from tk_link.dedupe.summary import summarise  # noqa: PLC0415
        from tk_link.state.telling import state_json, tell_state  # noqa: PLC0415

        closely = found.closely if settings.report is not None else None
        step = found.step
        del found  # what all candidates were compared on is large
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
            kept_on = state_json(step, settings.state or "") if step else None
            typer.echo(report_json(clustering, stacked, settings, kept=len(frame), state=kept_on))
        if not talk.quiet:
            lines = summarise(
                clustering,
                stacked,
                settings,
                kept=len(frame),
                words=talk.words,
                verbose=talk.verbose,
            )
            if step is not None:
                tell(tell_state(step, settings.state or "", verbose=talk.verbose))
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
        stacked, config = look_ahead(_read(settings, talk), settings)
        from tk_link.dedupe.plan import make_plan  # noqa: PLC0415 - as above
        from tk_link.dedupe.report import plan_json  # noqa: PLC0415
        from tk_link.dedupe.summary import describe  # noqa: PLC0415
        from tk_link.summary import plan_earlier  # noqa: PLC0415

        plan = make_plan(stacked.table, config)
    if talk.json:
        typer.echo(plan_json(plan, stacked, earlier=settings.earlier))
    else:
        tell(plan_earlier(settings.earlier))
        tell(describe(plan, stacked, words=talk.words, verbose=talk.verbose))


def _read(settings: DedupeSettings, talk: Talk) -> list[Given]:
    """Read the files, after everything that can be checked without them."""
    if talk.verbose:
        logging.basicConfig(format="%(name)s: %(message)s")
        logging.getLogger("tk_link").setLevel(logging.INFO)
    check_given(settings.files, settings.state)
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
    if settings.state is not None:
        check_state(settings.state, [*settings.files, *outputs, *settings.judged])
    files = [found for file in settings.files for found in expand(file)]
    tables = read_files(files)
    return [Given(table, file) for table, file in zip(tables, files, strict=True)]
