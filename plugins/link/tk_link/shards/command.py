"""`tk dedupe --work-dir`: one run over shards from end to end, or what it would take."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from tk.errors import UsageError
from tk_link.command import Talk, tell
from tk_link.dedupe.settings import DedupeSettings
from tk_link.progress import TerminalProgress
from tk_link.shards.config import ShardConfig
from tk_link.shards.telling import work_lines
from tk_link.summary import line

if TYPE_CHECKING:
    from tk_link.shards.pipeline import Result


def run_shards(settings: DedupeSettings, shards: ShardConfig, talk: Talk) -> None:
    """Carry out `settings` over shards.

    Raises:
        TkError: With the exit code that says what kind of trouble it was.
    """
    _check(settings, talk)
    if settings.output is None:
        raise UsageError("over shards the result is a folder of Parquet files; name it with -o")
    with TerminalProgress(enabled=not talk.quiet) as progress:
        from tk_link.shards.pipeline import run  # noqa: PLC0415 - after cheap checks

        result = run(
            settings.files,
            settings.dedupe,
            shards,
            folder=settings.output,
            pairs_folder=settings.pairs,
            progress=progress,
        )
    if talk.json:
        typer.echo(json.dumps(asdict(result), indent=2, ensure_ascii=False))
    if not talk.quiet:
        tell(_lines(result, settings, verbose=talk.verbose))


def plan_shards(settings: DedupeSettings, shards: ShardConfig, talk: Talk) -> None:
    """Say what a run over shards would take, by the measured costs of a row.

    Raises:
        TkError: Whatever the run itself would meet before it reads rows.
    """
    _check(settings, talk)
    from tk_link.shards.plan import make_plan  # noqa: PLC0415 - after cheap checks

    plan = make_plan(settings.files, settings.dedupe, shards)
    if talk.json:
        typer.echo(json.dumps(asdict(plan), indent=2))
    else:
        tell(plan.lines())


def _check(settings: DedupeSettings, talk: Talk) -> None:
    if talk.verbose:
        logging.basicConfig(format="%(name)s: %(message)s")
        logging.getLogger("tk_link").setLevel(logging.INFO)
    if not settings.files:
        raise UsageError("FILE missing; name tables, or a folder of Parquet files")


def _lines(found: Result, settings: DedupeSettings, *, verbose: bool) -> Iterator[str]:
    """Yield the lines of the summary."""
    fields = [f"{field.left} ({field.type})" for field in found.fields]
    yield line("rows", f"{found.rows:,} in {found.shards:,} shards")
    yield line("compared", ", ".join(fields))
    named = found.id_column
    yield line("row id", named if named is not None else "none; the row number stands for it")
    yield line("passes", f"{len(found.passes)}: {'; '.join(found.passes[:3])}; …")
    yield line("pairs", f"{found.candidates:,} scored; {found.joined:,} joined")
    yield line(
        "clusters",
        f"{found.clusters:,} of two rows or more, with {found.clustered:,} of {found.rows:,} rows; "
        f"the largest has {found.largest:,}",
    )
    if found.joined:
        yield line(
            "precision",
            f"about {found.precision:.0%} of the joined pairs are true, estimated without labels",
        )
    if settings.dedupe.keep != "all":
        yield line("kept", f"{found.kept:,} rows, one of each cluster")
    yield from work_lines(found, verbose=verbose)
    yield line("written", str(settings.output))
    if settings.pairs is not None:
        yield line("pairs in", settings.pairs)
    for warning in found.warnings:
        yield line("warning", warning)
