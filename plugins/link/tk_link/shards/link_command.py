"""`tk link --work-dir`: one run over shards from end to end, or what it would take."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from tk.errors import UsageError
from tk_link.command import Talk, tell
from tk_link.progress import TerminalProgress
from tk_link.settings import Settings
from tk_link.shards.config import ShardConfig
from tk_link.shards.telling import work_lines
from tk_link.summary import line

if TYPE_CHECKING:
    from tk_link.shards.linking import LinkResult


def run_link_shards(settings: Settings, shards: ShardConfig, talk: Talk) -> None:
    """Carry out `settings` over shards.

    Raises:
        TkError: With the exit code that says what kind of trouble it was.
    """
    left, right = _tables(settings, talk)
    with TerminalProgress(enabled=not talk.quiet) as progress:
        from tk_link.shards.linking import run  # noqa: PLC0415 - after cheap checks

        result = run(left, right, settings.link, settings.output, shards, progress=progress)
    if talk.json:
        typer.echo(json.dumps(asdict(result), indent=2, ensure_ascii=False))
    if not talk.quiet:
        tell(_lines(result, settings, verbose=talk.verbose))


def plan_link_shards(settings: Settings, shards: ShardConfig, talk: Talk) -> None:
    """Say what a run over shards would take, by the measured costs of a row.

    Raises:
        TkError: Whatever the run itself would meet before it reads rows.
    """
    left, right = _tables(settings, talk)
    from tk_link.shards.linking import check_options, cut_sides  # noqa: PLC0415 - as above
    from tk_link.shards.plan import LINK, plan_of  # noqa: PLC0415

    check_options(settings.link, settings.output)
    plan = plan_of(cut_sides(left, right, shards)[0], shards, costs=LINK)
    if talk.json:
        typer.echo(json.dumps(asdict(plan), indent=2))
    else:
        tell(plan.lines())


def _tables(settings: Settings, talk: Talk) -> tuple[str, str]:
    """Return both tables, after everything that can be checked without them."""
    if talk.verbose:
        logging.basicConfig(format="%(name)s: %(message)s")
        logging.getLogger("tk_link").setLevel(logging.INFO)
    if settings.left is None or settings.right is None:
        raise UsageError("over shards two tables are linked, or folders of Parquet files; name two")
    return settings.left, settings.right


def _lines(found: LinkResult, settings: Settings, *, verbose: bool) -> Iterator[str]:
    """Yield the lines of the summary."""
    for side, rows, shards in zip(("left", "right"), found.rows, found.shards, strict=True):
        yield line(side, f"{rows:,} rows in {shards:,} shards")
    yield line("compared", ", ".join(f"{each.label} ({each.type})" for each in found.fields))
    for side, name in (("left id", found.left_id), ("right id", found.right_id)):
        yield line(side, name if name is not None else "none; the row number stands for it")
    first = "; ".join(found.passes[:3])
    yield line("passes", f"{len(found.passes)}: {first}; …")
    yield line("candidates", f"{found.candidates:,} pairs")
    yield line("partners", f"{found.how}: {found.how_reason}")
    said = ", ".join(f"{count:,} {status}" for status, count in found.counts.items() if count)
    yield line(
        "result", f"{found.linked_left_rows:,} of {found.rows[0]:,} left rows linked ({said})"
    )
    low, high = found.precision_range
    yield line(
        "precision",
        f"about {found.precision:.0%} of the pairs are true ({low:.0%} to {high:.0%}), "
        "estimated without labels",
    )
    yield from work_lines(found, verbose=verbose)
    yield line("written", f"{settings.output.output}: {found.written:,} rows")
    for warning in found.warnings:
        yield line("warning", warning)
