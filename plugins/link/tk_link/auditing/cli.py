"""`tk audit`: the command line around judging and estimating.

Nothing heavy is imported until the command runs, so that help and completion stay quick.
"""

from __future__ import annotations

from typing import Annotated

import typer

from tk_link import options as shared

_HELP = (
    "Judge a sample of pairs and learn how good a run is.\n\n"
    "PAIRS is what tk link --pairs --all or tk dedupe --pairs FILE --all wrote; LEFT and RIGHT are "
    "the tables, or LEFT alone after a dedupe. Some pairs are shown one by one: y (the same), n, u "
    "(unsure), p (previous), f (finished). Every key is kept at once, and the same command goes on "
    "later. Precision and recall with 90% intervals and a better cut go to standard output."
)
_SIZE = 50

app = typer.Typer(add_completion=False)


@app.command("audit", help=_HELP)
def audit(
    *,
    pairs: Annotated[
        str | None, typer.Argument(metavar="PAIRS", show_default=False, help="Pairs of a run.")
    ] = None,
    left: Annotated[
        str | None,
        typer.Argument(metavar="LEFT", show_default=False, help="Left, or only, table."),
    ] = None,
    right: Annotated[
        str | None, typer.Argument(metavar="RIGHT", show_default=False, help="Right table.")
    ] = None,
    judgements: Annotated[
        str | None,
        typer.Option(
            "--judgements",
            metavar="FILE",
            help="Where judgements are kept, as csv. \\[default: beside PAIRS]",
        ),
    ] = None,
    size: Annotated[int, typer.Option("--size", metavar="N", help="Pairs to judge.")] = _SIZE,
    sheet: Annotated[
        str | None,
        typer.Option("--sheet", metavar="FILE", help="Write the sample as a workbook to fill in."),
    ] = None,
    filled: Annotated[
        str | None, typer.Option("--filled", metavar="FILE", help="Read the filled workbook.")
    ] = None,
    precision: Annotated[
        float | None,
        typer.Option(
            "--precision", metavar="P", help="Recommend the lowest cut with this precision."
        ),
    ] = None,
    left_id: shared.LeftId = None,
    right_id: shared.RightId = None,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same sample.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No notes.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print it as JSON on standard output.")
    ] = False,
) -> None:
    """Judge a sample of pairs and learn how good a run is."""
    from tk_link.auditing.command import AuditSettings, run_audit  # noqa: PLC0415 - as above

    settings = AuditSettings(
        pairs=pairs,
        left=left,
        right=right,
        left_id=left_id,
        right_id=right_id,
        judgements=judgements,
        sheet=sheet,
        filled=filled,
        size=size,
        precision=precision,
        seed=seed,
    )
    run_audit(settings, json=json, quiet=quiet)
