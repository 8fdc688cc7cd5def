"""`tk link`: the command line around the pipeline.

Nothing heavy is imported until the command runs, so that help and completion stay quick.
"""

from __future__ import annotations

import os

import typer
from typer.core import TyperCommand

from tk_link import options

_HELP = (
    "Match the rows of two tables, without labels and without settings.\n\n"
    "Each left row gets its partner on the right, or a reason why it has none. The result goes to "
    "-o, to a pipe as csv, or to the terminal as a preview; what was decided, and why, goes to "
    "standard error."
)
TYPED = "tk_link.typed"
"""Where a command's context keeps the words that were typed after its name."""

_NOT_SETTINGS = ("config", "plan", "print_config", "quiet", "verbose", "json")


class RememberingCommand(TyperCommand):
    """A command that keeps what was typed, so that it can say what to type next."""

    def parse_args(  # type: ignore[override]  # typer's public Context is a narrower one
        self, ctx: typer.Context, args: list[str]
    ) -> list[str]:
        """Keep the words under `TYPED`."""
        ctx.meta.setdefault(TYPED, tuple(args))
        return super().parse_args(ctx, args)


class LinkCommand(RememberingCommand):
    """The command; it also understands ``--explain`` without a value."""

    def parse_args(  # type: ignore[override]  # as above
        self, ctx: typer.Context, args: list[str]
    ) -> list[str]:
        """Give a bare ``--explain`` the value that it stands for."""
        ctx.meta[TYPED] = tuple(args)
        words = ["--explain=text" if word == "--explain" else word for word in args]
        return super().parse_args(ctx, words)


app = typer.Typer(add_completion=False)


@app.command("link", cls=LinkCommand, help=_HELP)
def link(
    ctx: typer.Context,
    *,
    left: options.Left = None,
    right: options.Right = None,
    output: options.Output = None,
    on: options.On = None,
    left_on: options.LeftOn = None,
    right_on: options.RightOn = None,
    left_id: options.LeftId = None,
    right_id: options.RightId = None,
    types: options.Types = None,
    weights: options.Weights = None,
    require: options.Require = None,
    forbid_conflict: options.ForbidConflict = None,
    block: options.Block = None,
    k: options.K = None,
    retrieve: options.Retrieve = None,
    model: options.Model = None,
    how: options.How = None,
    ties: options.Ties = None,
    top: options.Top = None,
    min_prob: options.MinProb = None,
    precision: options.Precision = None,
    review_band: options.ReviewBand = None,
    all_pairs: options.AllPairs = False,
    judged: options.Judged = None,
    join: options.Join = None,
    pairs: options.Pairs = False,
    suffix: options.Suffix = None,
    if_exists: options.IfExists = None,
    draws: options.Draws = None,
    explain: options.Explain = None,
    report: options.Report = None,
    state: options.State = None,
    earlier: options.Earlier = None,
    sample: options.Sample = None,
    seed: options.Seed = None,
    threads: options.Threads = None,
    work_dir: options.WorkDir = None,
    executor: options.Executor = None,
    shard_rows: options.ShardRows = None,
    workers: options.Workers = None,
    device: options.Device = None,
    offline: options.Offline = False,
    config: options.Config = None,
    plan: options.Plan = False,
    print_config: options.PrintConfig = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    json: options.Json = False,
) -> None:
    """Match the rows of two tables."""
    from tk_link.settings import merge_settings, to_toml  # noqa: PLC0415

    settings = merge_settings(config, given_options(ctx))
    if print_config:
        typer.echo(to_toml(settings), nl=False)
        return
    limit_threads(settings.link.threads)

    from tk_link.command import Talk, plan_link, run_link  # noqa: PLC0415

    talk = Talk(quiet=quiet, verbose=verbose, json=json, words=ctx.meta[TYPED])
    if settings.shards is not None:
        from tk_link.shards.link_command import (  # noqa: PLC0415
            plan_link_shards,
            run_link_shards,
        )

        (plan_link_shards if plan else run_link_shards)(settings, settings.shards, talk)
    elif plan:
        plan_link(settings, talk)
    else:
        run_link(settings, talk)


def given_options(ctx: typer.Context) -> dict[str, object]:
    """Return the options that were typed and belong to a run's settings."""
    return {
        name: value
        for name, value in ctx.params.items()
        if name not in _NOT_SETTINGS and is_given(value)
    }


def limit_threads(threads: int | None) -> None:
    """Tell polars and numpy, which look when they are imported, how many threads to use."""
    if threads is not None:
        os.environ["POLARS_MAX_THREADS"] = str(threads)
        os.environ["OMP_NUM_THREADS"] = str(threads)


def is_given(value: object) -> bool:
    """Tell an option that was typed from one that was not; zero is typed."""
    return value is not None and value is not False and value not in ([], ())
