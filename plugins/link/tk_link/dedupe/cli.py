"""`tk dedupe`: the command line around the pipeline.

Nothing heavy is imported until the command runs, so that help and completion stay quick.
"""

from __future__ import annotations

import typer

from tk_link import options as shared
from tk_link.cli import TYPED, RememberingCommand, given_options, limit_threads
from tk_link.dedupe import options

_HELP = (
    "Find the rows of one or several tables that mean the same, without labels.\n\n"
    "Every row is kept, in its order, with the cluster that it belongs to in front; --keep "
    "leaves one row of each cluster. The result goes to -o, to a pipe as csv, or to the terminal "
    "as a preview; what was found, and why, goes to standard error."
)

app = typer.Typer(add_completion=False)


@app.command("dedupe", cls=RememberingCommand, help=_HELP)
def dedupe(
    ctx: typer.Context,
    *,
    files: options.Files = None,
    output: shared.Output = None,
    on: options.On = None,
    id: options.Id = None,
    types: shared.Types = None,
    weights: shared.Weights = None,
    source: options.Source = None,
    k: shared.K = None,
    retrieve: shared.Retrieve = None,
    model: shared.Model = None,
    cluster: options.Cluster = None,
    max_cluster: options.MaxCluster = None,
    min_prob: options.MinProb = None,
    across_only: options.AcrossOnly = False,
    judged: shared.Judged = None,
    keep: options.Keep = None,
    golden: options.Golden = None,
    pairs: options.Pairs = None,
    if_exists: shared.IfExists = None,
    draws: options.Draws = None,
    seed: shared.Seed = None,
    all_pairs: options.AllPairs = False,
    report: shared.Report = None,
    state: shared.State = None,
    earlier: shared.Earlier = None,
    threads: shared.Threads = None,
    work_dir: shared.WorkDir = None,
    executor: shared.Executor = None,
    shard_rows: shared.ShardRows = None,
    workers: shared.Workers = None,
    device: shared.Device = None,
    offline: shared.Offline = False,
    config: options.Config = None,
    plan: shared.Plan = False,
    print_config: shared.PrintConfig = False,
    quiet: shared.Quiet = False,
    verbose: shared.Verbose = False,
    json: shared.Json = False,
) -> None:
    """Find the rows that mean the same."""
    from tk_link.dedupe.settings import merge_settings, to_toml  # noqa: PLC0415

    settings = merge_settings(config, given_options(ctx))
    if print_config:
        typer.echo(to_toml(settings), nl=False)
        return
    limit_threads(settings.dedupe.threads)

    from tk_link.command import Talk  # noqa: PLC0415
    from tk_link.dedupe.command import plan_dedupe, run_dedupe  # noqa: PLC0415

    talk = Talk(quiet=quiet, verbose=verbose, json=json, words=ctx.meta[TYPED])
    if settings.shards is not None:
        from tk_link.shards.command import plan_shards, run_shards  # noqa: PLC0415

        (plan_shards if plan else run_shards)(settings, settings.shards, talk)
    elif plan:
        plan_dedupe(settings, talk)
    else:
        run_dedupe(settings, talk)
