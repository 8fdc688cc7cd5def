"""`tk hub models`: weights that `tk` models saved, on the Hugging Face Hub or in a folder."""

from pathlib import Path
from typing import Annotated

import typer

from tk_hub import options
from tk_hub.output import show


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("models")(models)


def models(
    words: Annotated[str, typer.Argument(metavar="WORDS", help="Part of the name.")] = "",
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Look in a folder of ORG/NAME instead of the network."),
    ] = None,
    fetch: Annotated[
        str,
        typer.Option("--fetch", metavar="ORG/NAME@COMMIT", help="Copy this one, safetensors only."),
    ] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to.")] = None,
    as_json: options.Json = False,
) -> None:
    """Find model repositories that tk's models saved, each with the commit to pin."""
    # huggingface_hub takes a third of a second to import; the other commands do without.
    from tk_hub.weights import fetch_weights, find_local, find_remote  # noqa: PLC0415

    if fetch:
        typer.echo(fetch_weights(fetch, output or Path(fetch.partition("@")[0]), folder=folder))
        return
    found = find_local(folder, words) if folder else find_remote(words)
    show([vars(item) for item in found], ["name", "commit", "architecture"], as_json=as_json)
