"""The options of `tk index` as the command line shows them."""

from __future__ import annotations

from typing import Annotated

import typer

Table = Annotated[
    str,
    typer.Argument(
        metavar="TABLE", help="Table to look up in: csv, parquet, xlsx, … as `tk link` reads them."
    ),
]
File = Annotated[str, typer.Argument(metavar="INDEX", help="What `tk index build` wrote.")]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="INDEX",
        help="File to write. [dim]\\[default: the table's name with .tkindex][/dim]",
    ),
]
On = Annotated[
    list[str] | None,
    typer.Option("--on", metavar="COLS", help="Columns to compare: name,city. All by default."),
]
Id = Annotated[str | None, typer.Option("--id", metavar="COL", help="Column that names the rows.")]
Name = Annotated[
    list[str] | None,
    typer.Option(
        "--name", metavar="COLS", help="Columns that together are a row's name: first,last."
    ),
]
Scorer = Annotated[
    str | None,
    typer.Option(
        "--scorer",
        metavar="FOLDER",
        help="Score by a saved Linker, instead of by what is learnt from the table.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Seed of everything random.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]

Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="COL=VALUE", help="What is known of a column. Repeat for more."),
]
Text = Annotated[
    str | None, typer.Option("--text", metavar="TEXT", help="What is known of the name, or the id.")
]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Rows to show, at most.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

Host = Annotated[
    str,
    typer.Option(
        "--host", metavar="ADDRESS", help="Address to listen on; 0.0.0.0 lets other machines in."
    ),
]
Port = Annotated[int, typer.Option("--port", metavar="N", help="Port to listen on; 0: a free one.")]
MinProb = Annotated[
    float,
    typer.Option("--min-prob", metavar="P", help="Probability from which a row is called a match."),
]
Origin = Annotated[
    list[str] | None,
    typer.Option(
        "--origin",
        metavar="URL",
        help="Origin of web pages that may read answers, or * for all; those on this machine "
        "always may. Repeat for more.",
    ),
]
PublicUrl = Annotated[
    str | None,
    typer.Option(
        "--public-url", metavar="URL", help="How clients reach the server, where by another name."
    ),
]
Connections = Annotated[
    int, typer.Option("--connections", metavar="N", help="Connections held at once, at most.")
]
Patience = Annotated[
    float,
    typer.Option("--patience", metavar="SECONDS", help="Time that a client has to send a request."),
]
Log = Annotated[bool, typer.Option("--log", help="Say each request on standard error.")]
