"""Options and arguments that several commands of `tk hub` share."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Offline = Annotated[bool, typer.Option("--offline", help="Use only what was fetched before.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and stop.")]
AllowChange = Annotated[
    list[str] | None,
    typer.Option("--allow-change", metavar="NAME", help="Let the plan replace this package too."),
]
Names = Annotated[list[str], typer.Argument(metavar="NAME…", help="Like tk-hello.")]
HubName = Annotated[str, typer.Argument(metavar="HUB", help="What you call the hub.")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The hub's folder.")]
Keys = Annotated[
    list[Path],
    typer.Option("--keys", metavar="FOLDER", help="Where signing keys lie; may be repeated."),
]
