"""`tk eval`: the command line around `evaluate`.

Nothing heavy is imported until the command runs, so that help and completion stay quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from tk.errors import NotFoundError

if TYPE_CHECKING:
    from tk_link.evaluation.api import Tables
    from tk_link.evaluation.columns import Kind

_HELP = (
    "Compare links or clusters with the truth.\n\n"
    "PRED is what tk link or tk dedupe wrote (joined, --pairs or clusters), or any table of two id "
    "columns or of an id and a cluster. TRUTH holds true pairs, pairs labelled true and false, or "
    "true clusters. Precision, recall and F1 with 90% intervals, every cut and the honesty of the "
    "probabilities go to standard output; -o draws them."
)
_KIND = "pairs|clusters"

app = typer.Typer(add_completion=False)


@app.command("eval", help=_HELP)
def evaluate(
    *,
    predicted: Annotated[
        str | None, typer.Argument(metavar="PRED", show_default=False, help="What was found.")
    ] = None,
    truth: Annotated[
        str | None, typer.Argument(metavar="TRUTH", show_default=False, help="What is true.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Draw it: .svg, .png or .html."),
    ] = None,
    tables: Annotated[
        str,
        typer.Option(
            "--tables",
            metavar="auto|one|two",
            help="Whether all ids are of one table, as in dedupe, or of two.",
        ),
    ] = "auto",
    pred_kind: Annotated[
        str | None, typer.Option("--pred-kind", metavar=_KIND, help="What PRED states.")
    ] = None,
    truth_kind: Annotated[
        str | None, typer.Option("--truth-kind", metavar=_KIND, help="What TRUTH states.")
    ] = None,
    pred_columns: Annotated[
        str | None,
        typer.Option(
            "--pred-columns",
            metavar="A,B",
            help="Columns of PRED to read: left and right id, or id and cluster.",
        ),
    ] = None,
    truth_columns: Annotated[
        str | None,
        typer.Option("--truth-columns", metavar="A,B", help="Likewise of TRUTH."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the intervals' bootstrap.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No notes.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print it as JSON on standard output.")
    ] = False,
) -> None:
    """Compare links or clusters with the truth."""
    for kind in (pred_kind, truth_kind):
        if kind not in (None, "pairs", "clusters"):
            raise NotFoundError("kind", str(kind), ("pairs", "clusters"))

    from tk_link.evaluation.command import run_eval  # noqa: PLC0415 - see the module's docstring

    run_eval(
        predicted,
        truth,
        output=output,
        tables=cast("Tables", tables),
        pred_kind=cast("Kind | None", pred_kind),
        truth_kind=cast("Kind | None", truth_kind),
        pred_columns=pred_columns,
        truth_columns=truth_columns,
        seed=seed,
        json=json,
        quiet=quiet,
    )
