"""`tk index`: the command line around lookup.

Nothing heavy is imported until a command runs, so that help and completion stay quick.
"""

from __future__ import annotations

import typer

from tk_link.lookup import options
from tk_link.options import Types

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Look up single records in a table: build an index of it, then ask it from the command "
    "line, over HTTP, or from OpenRefine.",
)


@app.command()
def build(
    table: options.Table,
    *,
    output: options.Output = None,
    on: options.On = None,
    id: options.Id = None,
    name: options.Name = None,
    types: Types = None,
    scorer: options.Scorer = None,
    seed: options.Seed = 0,
    quiet: options.Quiet = False,
) -> None:
    """Build an index of a table."""
    from tk_link.lookup.command import build_file, index_config  # noqa: PLC0415

    config = index_config(on=on, id=id, name=name, types=types, scorer=scorer, seed=seed)
    build_file(table, output, config, quiet=quiet)


@app.command()
def query(
    index: options.File,
    *,
    set: options.Set = None,
    text: options.Text = None,
    limit: options.Limit = 5,
    min_prob: options.MinProb = 0.9,
    json: options.Json = False,
) -> None:
    """Look up one record."""
    from tk_link.lookup.command import query_file  # noqa: PLC0415

    query_file(index, set or [], text, limit=limit, min_prob=min_prob, json=json)


@app.command()
def serve(
    index: options.File,
    *,
    host: options.Host = "127.0.0.1",
    port: options.Port = 8080,
    min_prob: options.MinProb = 0.9,
    origin: options.Origin = None,
    public_url: options.PublicUrl = None,
    connections: options.Connections = 64,
    patience: options.Patience = 10.0,
    log: options.Log = False,
) -> None:
    """Serve an index over HTTP, as JSON and to OpenRefine, until Ctrl-C."""
    from tk_link.lookup.command import serve_file  # noqa: PLC0415
    from tk_link.lookup.config import ServeConfig  # noqa: PLC0415

    serve_file(
        index,
        ServeConfig(
            host=host,
            port=port,
            min_prob=min_prob,
            origins=tuple(origin or ()),
            public_url=public_url,
            connections=connections,
            patience=patience,
            log=log,
        ),
    )
