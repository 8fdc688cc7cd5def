"""`tk diff`: the command line around `compare`.

Nothing heavy is imported until the command runs, so that help and completion stay quick.
"""

from __future__ import annotations

from typing import Annotated

import typer

_HELP = (
    "List clusters that merged, split or moved between two runs.\n\n"
    "RUN1 and RUN2 are outputs of tk dedupe with all rows, or states; links.state::3 is a state's "
    "third run. Rows that both have are compared. The table goes to -o or standard output, what it "
    "comes to goes to standard error. The exit code is 0; with --exit-code it is 5 where the "
    "clusters differ."
)

app = typer.Typer(add_completion=False)


@app.command("diff", help=_HELP)
def diff(
    *,
    first: Annotated[
        str | None, typer.Argument(metavar="RUN1", show_default=False, help="The earlier run.")
    ] = None,
    second: Annotated[
        str | None, typer.Argument(metavar="RUN2", show_default=False, help="The later one.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the table here.")
    ] = None,
    id: Annotated[
        str | None,
        typer.Option("--id", metavar="COL", help="Column that names the rows of both outputs."),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Leave with 5 where the clusters differ.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No summary.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print counts and changes as JSON, and no table.")
    ] = False,
) -> None:
    """Compare two clusterings."""
    from tk_link.changes.command import run_diff  # noqa: PLC0415 - see the module's docstring

    run_diff(first, second, output=output, id=id, exit_code=exit_code, quiet=quiet, json=json)
