"""`tk hub init`, `publish`, `yank`, `renew`, `rotate-key`, `serve`: what a hub's owner does."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tk_hub import options
from tk_hub.building import build
from tk_hub.installing import reserved_names
from tk_hub.publishing import create_hub, publish, renew, rotate_key, yank
from tk_hub.serving import make_server

_PANEL = "For owners of hubs"


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    for name, command in (
        ("init", init),
        ("publish", publish_),
        ("yank", yank_),
        ("renew", renew_),
        ("rotate-key", rotate_key_),
        ("serve", serve),
    ):
        app.command(name, rich_help_panel=_PANEL)(command)


def init(
    *,
    folder: options.Folder,
    keys: Annotated[Path, typer.Option("--keys", help="An empty folder for the keys.")],
    root_keys: Annotated[int, typer.Option(help="How many keys the root has.")] = 3,
    root_threshold: Annotated[int, typer.Option(help="How many of them must sign.")] = 2,
    targets_keys: Annotated[int, typer.Option(help="How many keys may publish.")] = 1,
    targets_threshold: Annotated[int, typer.Option(help="How many of them must sign.")] = 1,
    days: Annotated[int, typer.Option(min=1, help="Days until the hub must be renewed.")] = 30,
) -> None:
    """Begin a hub: make its keys and sign an empty index."""
    hub = create_hub(
        folder,
        keys,
        counts={"root": root_keys, "targets": targets_keys},
        thresholds={"root": root_threshold, "targets": targets_threshold},
        days={"snapshot": days, "timestamp": days},
    )
    typer.echo(f"fingerprint {hub.fingerprint}")
    typer.echo(f"keep {keys}/root and {keys}/targets offline; tell users the fingerprint", err=True)


def publish_(
    folder: options.Folder,
    wheel: Annotated[Path, typer.Argument(metavar="WHEEL|FOLDER", help="What to publish.")],
    keys: options.Keys,
    isolation: Annotated[
        bool, typer.Option("--isolation/--no-isolation", help="Fetch the build backend.")
    ] = True,
) -> None:
    """Check a wheel, or build one from a plugin's folder, and publish it."""
    with tempfile.TemporaryDirectory() as temporary:
        if wheel.is_dir():
            wheel = build(wheel, Path(temporary), is_isolated=isolation)
        release = publish(folder, keys, wheel, reserved=reserved_names())
    typer.echo(f"published {release.name} {release.version} {release.sha256}")


def yank_(
    folder: options.Folder,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    version: Annotated[str, typer.Argument(metavar="VERSION")],
    keys: options.Keys,
    reason: Annotated[str, typer.Option(help="What users are told.")] = "withdrawn by its author",
) -> None:
    """Keep everybody from installing a version."""
    yank(folder, keys, name, version, reason=reason)
    typer.echo(f"yanked {name} {version}")


def renew_(folder: options.Folder, keys: options.Keys) -> None:
    """Sign the hub anew before it expires; the keys snapshot and timestamp suffice."""
    renew(folder, keys)
    typer.echo(f"renewed {folder}")


def rotate_key_(
    folder: options.Folder,
    role: Annotated[str, typer.Argument(help="root, targets, snapshot or timestamp.")],
    keys: options.Keys,
    new_keys: Annotated[Path, typer.Option("--new-keys", help="Folder for the new key.")],
    old: Annotated[str, typer.Option(help="First letters of the id of the key to replace.")] = "",
) -> None:
    """Replace a key that was lost or stolen; the root's keys sign that."""
    gone, new = rotate_key(folder, keys, role, old=old, new_in=new_keys)
    typer.echo(f"replaced {role} key {gone[:8]} by {new[:8]}")


def serve(
    folder: options.Folder,
    port: Annotated[int, typer.Option(help="0 takes any free one.")] = 8000,
) -> None:
    """Serve a hub to this machine only, for trying; Ctrl-C ends it."""
    with make_server(folder, port) as server:
        typer.echo(f"http://127.0.0.1:{server.server_port}")
        server.serve_forever()
