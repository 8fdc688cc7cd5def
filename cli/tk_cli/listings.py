"""`tk plugins`, `tk models`, `tk tasks`, `tk encoders`, `tk backends`, `tk datasets`."""

from fnmatch import fnmatchcase
from typing import Annotated

import typer

from tk import Catalogue, Entry, Kind, Manifest
from tk_cli.output import print_json, print_rows

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PatternArgument = Annotated[
    str, typer.Argument(metavar="PATTERN", help="Only names like this, with * and ?.")
]
TaskOption = Annotated[str | None, typer.Option("--task", help="Only models for this task.")]


def plugins(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """List the installed plugins."""
    catalogue = ctx.ensure_object(Catalogue)
    rows = [_plugin_row(manifest) for manifest in catalogue.manifests.values()]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, ["name", "version", "summary", "offers"])
    if catalogue.problems:
        count = len(catalogue.problems)
        typer.echo(f"{count} problem{'s' if count > 1 else ''} (tk doctor)", err=True)


def models(
    ctx: typer.Context,
    pattern: PatternArgument = "*",
    task: TaskOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the models."""
    entries = _matching(ctx, Kind.MODEL, pattern)
    if task is not None:
        entries = [entry for entry in entries if entry.meta.get("task") == task]
    _show(Kind.MODEL, entries, as_json=as_json)


def encoders(
    ctx: typer.Context, pattern: PatternArgument = "*", as_json: JsonOption = False
) -> None:
    """List what turns things into vectors."""
    _show(Kind.ENCODER, _matching(ctx, Kind.ENCODER, pattern), as_json=as_json)


def backends(
    ctx: typer.Context, pattern: PatternArgument = "*", as_json: JsonOption = False
) -> None:
    """List where nearest neighbours can be found."""
    _show(Kind.BACKEND, _matching(ctx, Kind.BACKEND, pattern), as_json=as_json)


def datasets(
    ctx: typer.Context, pattern: PatternArgument = "*", as_json: JsonOption = False
) -> None:
    """List the data sets."""
    _show(Kind.DATASET, _matching(ctx, Kind.DATASET, pattern), as_json=as_json)


def tasks(ctx: typer.Context, pattern: PatternArgument = "*", as_json: JsonOption = False) -> None:
    """List what models can be trained for."""
    _show(Kind.TASK, _matching(ctx, Kind.TASK, pattern), as_json=as_json)


def _matching(ctx: typer.Context, kind: Kind, pattern: str) -> list[Entry]:
    entries = ctx.ensure_object(Catalogue).entries(kind)
    return [e for e in entries if any(fnmatchcase(name, pattern) for name in _names(e))]


def _names(entry: Entry) -> list[str]:
    """Everything that the entry can be asked for by: a model's variants too."""
    variants = [str(name) for name in entry.meta.get("variants", ())]
    full = [f"{entry.plugin}/{name}" for name in variants]
    return [entry.name, entry.full_name, *variants, *full]


def _show(kind: Kind, entries: list[Entry], *, as_json: bool) -> None:
    rows = [_entry_row(entry) for entry in entries]
    if as_json:
        print_json(rows)
    elif rows:
        print_rows(rows, ["name", "task", "model", "variants", "paper", "summary"])
    else:
        typer.echo(f"no {kind.section} here (tk plugins lists what is installed)", err=True)


def _entry_row(entry: Entry) -> dict[str, object]:
    own = {"name": entry.full_name, "summary": entry.summary, "target": entry.target}
    return {**own, **{key: value for key, value in entry.meta.items() if key not in own}}


def _plugin_row(manifest: Manifest) -> dict[str, object]:
    kinds = (kind for kind in Kind if any(e.kind is kind for e in manifest.entries))
    offers = {k.section: [e.name for e in manifest.entries if e.kind is k] for k in kinds}
    return {
        "name": manifest.plugin,
        "version": manifest.source.version,
        "summary": manifest.summary,
        "package": manifest.source.package,
        "distribution": manifest.source.distribution,
        "offers": offers,
    }
