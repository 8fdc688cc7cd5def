"""`tk doctor`: is everything that is installed usable?"""

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import typer

from tk import Catalogue, Check, Kind, examine
from tk_cli.listings import JsonOption
from tk_cli.output import print_json, print_rows

_REPORTED = ("torch", "transformers", "sentence-transformers", "faiss-cpu", "polars", "typer")


def doctor(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Load everything that every plugin offers, and say what is wrong.

    Exit code 1 where something is.
    """
    catalogue = ctx.ensure_object(Catalogue)
    group = ctx.find_root().command
    taken = set(getattr(group, "commands", {}))
    checks = [*_environment(), *_shadowed(catalogue, taken), *examine(catalogue)]
    failed = [check for check in checks if check.status == "failed"]
    rows = [vars(check) for check in checks]
    if as_json:
        print_json({"ok": not failed, "checks": rows})
    else:
        print_rows(rows, ["status", "name", "message", "fix"])
    if failed:
        raise typer.Exit(1)


def _environment() -> Iterator[Check]:
    """Name the versions that a bug report needs."""
    yield Check("python", "ok", f"{platform.python_version()} on {platform.platform()}")
    yield _installed("transformer-tk")
    yield from map(_installed, _REPORTED)


def _installed(distribution: str) -> Check:
    try:
        return Check(distribution, "ok", version(distribution))
    except PackageNotFoundError:
        fix = "pip install -U transformer-tk"
        return Check(distribution, "warning", "not installed", fix)


def _shadowed(catalogue: Catalogue, taken: set[str]) -> Iterator[Check]:
    """Find plugin commands whose short name is a built-in's."""
    for entry in catalogue.declared(Kind.COMMAND):
        if entry.name in taken:
            message = f"{entry.name!r} is a command of tk itself"
            yield Check(f"command {entry.full_name}", "failed", message, f"say {entry.full_name!r}")
