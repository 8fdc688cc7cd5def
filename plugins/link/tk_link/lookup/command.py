"""One run of `tk index build`, `query` or `serve` from end to end."""

from __future__ import annotations

import json as json_
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import typer

from tk.errors import UsageError
from tk_link.fields import FieldType
from tk_link.lookup.config import IndexConfig, ServeConfig
from tk_link.progress import TerminalProgress
from tk_link.reading import read_table
from tk_link.values import split_columns, to_texts_by_column
from tk_link.writing import check_place

SUFFIX = ".tkindex"


def index_config(
    *,
    on: Sequence[str] | None,
    id: str | None,
    name: Sequence[str] | None,
    types: Sequence[str] | None,
    scorer: str | None,
    seed: int,
) -> IndexConfig:
    """Make a configuration of options as they were typed.

    Raises:
        UsageError: An option is not of its kind.
    """
    try:
        columns = [
            tuple(c for text in given for c in split_columns(text)) if given else None
            for given in (on, name)
        ]
        typed = cast("tuple[tuple[str, FieldType], ...]", to_texts_by_column(list(types or ())))
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from error
    return IndexConfig(on=columns[0], id=id, name=columns[1], types=typed, scorer=scorer, seed=seed)


def build_file(source: str, output: str | None, config: IndexConfig, *, quiet: bool) -> None:
    """Build an index of a table and write it.

    Raises:
        InputError: The table cannot be read or used.
        OutputError: The index cannot be written.
    """
    stem = "stdin" if source == "-" else Path(source.partition("::")[0]).name.split(".")[0]
    path = Path(output or stem + SUFFIX).expanduser()
    check_place(str(path), [source])
    with TerminalProgress(enabled=not quiet) as progress:
        table = read_table(source)
        from tk_link.lookup.building import build_index  # noqa: PLC0415 - scipy is slow to load
        from tk_link.lookup.storing import write_index  # noqa: PLC0415

        index = build_index(table, config, progress=progress)
        progress.stage("writing")
        write_index(index, path)
    if quiet:
        return
    named = index.id_column or "the row number"
    compared = ", ".join(f"{c.name} ({c.type})" for c in index.columns)
    for line in (
        f"{path}: {len(index):,} rows, {path.stat().st_size / 1e6:,.1f} MB",
        f"  compared  {compared}",
        f"  name      {' + '.join(index.name_columns)}; id: {named}",
        f"next: tk index serve {path}",
    ):
        typer.echo(line, err=True)


def query_file(
    file: str, given: Sequence[str], text: str | None, *, limit: int, min_prob: float, json: bool
) -> None:
    """Look up one record in an index and print what is found.

    Raises:
        InputError: The index cannot be read, or has no such column.
        UsageError: Nothing is asked, or not as COL=VALUE.
    """
    if not given and not text:
        raise UsageError("nothing to look up; give --set COLUMN=VALUE or --text TEXT")
    pairs = [_setting(item) for item in given]

    from tk.errors import InputError  # noqa: PLC0415
    from tk_link.lookup.protocol import Refused, check_columns, found  # noqa: PLC0415
    from tk_link.lookup.queries import Query  # noqa: PLC0415
    from tk_link.lookup.storing import read_index  # noqa: PLC0415

    index = read_index(Path(file).expanduser())
    values: dict[str, tuple[str, ...]] = {}
    for column, value in pairs:
        values[column] = (*values.get(column, ()), value)
    try:
        check_columns(values, index)
    except Refused as refused:
        raise InputError(f"{file}: {refused.reason}") from refused
    hits = index.find(Query(text, values), limit=limit, min_prob=min_prob)
    if json:
        typer.echo(json_.dumps([found(index, hit) for hit in hits], ensure_ascii=False, indent=2))
        return
    for hit in hits:
        mark = "match" if hit.is_match else ""
        typer.echo(
            f"{hit.probability:6.3f}  {mark:5}  {index.id_of(hit.row)}  {index.name_of(hit.row)}"
        )
    if not hits:
        typer.echo("no row shares any text with it", err=True)


def _setting(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not (equals and column.strip()):
        raise UsageError(f"--set {text!r}: write COLUMN=VALUE")
    return column.strip(), value


def serve_file(file: str, config: ServeConfig) -> None:
    """Serve an index until SIGINT or SIGTERM.

    Raises:
        InputError: The index cannot be read, or the address cannot be listened on.
    """
    from tk_link.lookup.server import Server  # noqa: PLC0415
    from tk_link.lookup.service import Service  # noqa: PLC0415
    from tk_link.lookup.storing import read_index  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    index = read_index(Path(file).expanduser())
    index.warm()
    server = Server(Service(index, config.min_prob), config)
    typer.echo(f"{index.title}: {len(index):,} rows at {server.url}  (Ctrl-C ends)", err=True)
    if not server.is_local:
        typer.echo("anybody who can reach this machine can read the table", err=True)
    server.serve()
