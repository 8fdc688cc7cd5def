"""`tk train TASK` and `tk evaluate TASK CHECKPOINT`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tk import Catalogue, FitConfig, Kind, UsageError, fit, load_checkpoint
from tk import evaluate as evaluate_model
from tk.training.plan import (
    make_plan,
    make_task,
    merged,
    parse_settings,
    read_tables,
    recorded_tables,
)
from tk.training.record import read_record
from tk_cli.listings import JsonOption
from tk_cli.output import print_json, print_rows

TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help="What for (tk tasks).")]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="TOML with tables task, model and fit."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="TABLE.OPTION=VALUE", help="Any option: task.noise=0.3."),
]


def train(
    ctx: typer.Context,
    task: TaskArgument,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="For model and checkpoints.")
    ],
    model: Annotated[
        str | None, typer.Option("--model", help="Which model (tk models); the task has its own.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="Start from these weights.")
    ] = None,
    fresh: Annotated[
        list[str] | None,
        typer.Option("--fresh", metavar="PATTERN", help="Tensors that start anew: 'head.*'."),
    ] = None,
    config: ConfigOption = None,
    settings: SetOption = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the data.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Examples a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The highest rate.")] = None,
    precision: Annotated[str | None, typer.Option(help="float32, bf16 or fp16.")] = None,
    patience: Annotated[
        int | None, typer.Option(help="Stop after so many evaluations without a better one.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of weights, order and dropout.")] = None,
    device: Annotated[str | None, typer.Option(help="auto or cpu.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --output, as it was begun.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Train a model for a task; the best one is in --output, beside run.json."""
    catalogue = ctx.ensure_object(Catalogue)
    said = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "precision": precision,
        "patience": patience,
        "seed": seed,
        "device": device,
        "output": str(output),
    }
    before = recorded_tables(read_record(output)) if resume else {}
    tables = merged(before, _tables(config, settings), {"fit": _given(said)})
    if model is not None:
        tables = merged(tables, {"model": {"name": model}})
    plan = make_plan(catalogue, task, tables)
    start = str(checkpoint or "")
    network = plan.build(catalogue, checkpoint=start, fresh=fresh or ())
    fitted = fit(plan.task, network, plan.config, resume=resume)
    if os.environ.get("RANK", "0") != "0":  # torchrun's other processes have nothing to add
        return
    typer.echo(f"the model is in {output}", err=True)
    if as_json:
        print_json(fitted.metrics)
    else:
        rows = [{"data": part, **_rounded(found)} for part, found in fitted.metrics.items()]
        print_rows(rows, list(dict.fromkeys(name for row in rows for name in row)))


def evaluate(
    ctx: typer.Context,
    task: TaskArgument,
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="A trained or published model.")
    ],
    *,
    split: Annotated[str, typer.Option("--split", help="train, validation or test.")] = "test",
    config: ConfigOption = None,
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a trained model on a task's data."""
    catalogue = ctx.ensure_object(Catalogue)
    if Path(task).is_file():  # meant for `tk eval`, which takes files
        raise UsageError(f"{task!r} is a file, not a task (tk tasks); tk eval takes files")
    record = read_record(checkpoint) if checkpoint.is_dir() else {}
    tables = merged(recorded_tables(record), _tables(config, settings))
    entry = catalogue.find(Kind.TASK, task)
    made = make_task(entry, tables.get("task", {}))
    fit_config = FitConfig(output=str(checkpoint), seed=int(record.get("seed", 0)))
    found = evaluate_model(made, load_checkpoint(checkpoint), split=split, config=fit_config)
    if as_json:
        print_json(found)
    else:
        print_rows([_rounded(found)], list(found))


def _tables(config: Path | None, settings: list[str] | None) -> dict[str, dict[str, Any]]:
    return merged(read_tables(config) if config else {}, parse_settings(settings or ()))


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _rounded(metrics: Mapping[str, float]) -> dict[str, str]:
    return {name: f"{value:.6g}" for name, value in metrics.items()}
