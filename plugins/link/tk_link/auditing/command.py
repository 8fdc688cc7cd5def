"""One run of `tk audit`: sample, have judged, estimate, tell."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click
import typer

from tk.errors import UsageError
from tk_link.auditing import report
from tk_link.auditing.api import SIZE, check
from tk_link.auditing.judgements import Journal, Pair
from tk_link.auditing.labelling import judge
from tk_link.auditing.population import Population, read_population
from tk_link.auditing.rows import Shown, card, find_rows
from tk_link.auditing.sample import draw_sample
from tk_link.auditing.sheet import read_filled, sheet_frame
from tk_link.auditing.verdicts import judged_audit, pairs_of
from tk_link.command import tell
from tk_link.reading import read_table
from tk_link.writing import check_output, write_table


@dataclass(frozen=True)
class AuditSettings:
    """What `tk audit` is asked to do.

    Attributes:
        pairs: The run's pairs.
        left: The left table, or the only one; None shows no rows, so that nothing can be judged.
        right: The right table, where there are two.
        left_id: Column that holds left ids; None finds it.
        right_id: Likewise.
        judgements: File of judgements; None takes one beside the pairs.
        sheet: Workbook to write.
        filled: Filled workbook to read.
        size: Pairs to judge.
        precision: Wanted precision of the recommended cut.
        seed: Seed of the sample.
    """

    pairs: str | None
    left: str | None = None
    right: str | None = None
    left_id: str | None = None
    right_id: str | None = None
    judgements: str | None = None
    sheet: str | None = None
    filled: str | None = None
    size: int = SIZE
    precision: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.pairs is None:
            raise UsageError(
                "name the pairs of a run and its tables: tk audit pairs.csv left.csv right.csv"
            )
        if self.sheet is not None and self.filled is not None:
            raise UsageError("give --sheet to write a workbook or --filled to read one, not both")
        if self.sheet is not None and self.left is None:
            raise UsageError("--sheet shows rows; name the tables after the pairs")
        check(self.size, self.precision, self.seed)

    @property
    def journal(self) -> Journal:
        """Return where judgements are kept."""
        if self.judgements is not None:
            return Journal(Path(self.judgements).expanduser())
        path = Path(str(self.pairs)).expanduser()
        return Journal(path.with_name(f"{path.name.split('.')[0]}.judgements.csv"))


def run_audit(settings: AuditSettings, *, json: bool, quiet: bool) -> None:
    """Carry out `settings`.

    Raises:
        TkError: With the exit code that says what kind of trouble it was.
    """
    journal = settings.journal
    if settings.sheet is not None:
        check_output(settings.sheet, [f for f in (settings.pairs, settings.left) if f is not None])
    population = read_population(read_table(str(settings.pairs)))
    sample = draw_sample(population, settings.size, seed=settings.seed)
    pairs = pairs_of(population, sample)
    if settings.sheet is not None:
        shown = _shown(settings, population, pairs)
        write_table(sheet_frame(pairs, shown, journal.read()), settings.sheet)
        tell([f"written     {settings.sheet}: {len(pairs)} pairs, judgement is to be y, n or u"])
        return
    if settings.filled is not None:
        journal.check()
        _take_in(settings, pairs, journal)
    elif sys.stdin.isatty() and sys.stdout.isatty() and settings.left is not None:
        journal.check()
        shown = _shown(settings, population, pairs)
        judge(
            pairs,
            journal,
            card=lambda at: card(population, int(sample[at]), shown),
            key=_key,
            say=lambda text: typer.echo(text, err=True),
        )
    audit = judged_audit(
        population, sample, journal.read(), precision=settings.precision, seed=settings.seed
    )
    if json:
        typer.echo(report.to_json(audit))
    else:
        for text in report.lines(audit):
            typer.echo(text)
    if not quiet:
        tell(_after(settings, audit.judged + audit.unsure, len(pairs)))


def _shown(settings: AuditSettings, population: Population, pairs: list[Pair]) -> Shown:
    """Read the tables and find the sampled rows in them."""
    import polars as pl  # noqa: PLC0415 - loaded by now; its name is only needed here

    lefts, rights = (pl.Series([pair[side] for pair in pairs]) for side in (0, 1))
    left = read_table(str(settings.left))
    if settings.right is None:
        one = find_rows(left, pl.concat([lefts, rights]), settings.left_id)
        return Shown(one, one)
    right = read_table(settings.right)
    return Shown(
        find_rows(left, lefts, settings.left_id), find_rows(right, rights, settings.right_id)
    )


def _take_in(settings: AuditSettings, pairs: list[Pair], journal: Journal) -> None:
    """Keep the judgements of a filled workbook, those that are new or changed."""
    filled = read_filled(read_table(str(settings.filled)), pairs)
    known = journal.read()
    new = {pair: said for pair, said in filled.judged.items() if known.get(pair) != said}
    if new:
        journal.append(new)
    tell(
        [
            f"read        {settings.filled}: {len(filled.judged)} judged, {filled.blank} open",
            *(f"warning     {text}" for text in filled.refused),
        ]
    )


def _key() -> str:
    """Wait for one key; Ctrl-C and Ctrl-D end the program, and what was judged is kept."""
    pressed = click.getchar()
    if pressed in ("\x03", "\x04", ""):
        raise KeyboardInterrupt
    return pressed


def _after(settings: AuditSettings, done: int, size: int) -> list[str]:
    said = [f"kept        {settings.journal.path}"]
    if done < size:
        said.append(f"next        {size - done} of {size} pairs are not judged yet: the same again")
    else:
        said.append(f"next        for narrower intervals: --size {2 * settings.size}")
    return said
