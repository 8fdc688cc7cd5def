"""``tk classify train``: every option of a run, and where it goes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tk import Catalogue
from tk.training.plan import merged, parse_settings, read_tables
from tk_vision.classifying.training import Start, is_first_process
from tk_vision.classifying.training import train as train_classifier
from tk_vision.command_line import (
    ImageColumnOption,
    JsonOption,
    LabelColumnOption,
    QuietOption,
    SkipBadOption,
    print_json,
    print_metrics,
    speaker,
)

_DATA, _CHANGES, _TRAINING = "Pictures", "Augmentation", "Training"


def train(
    ctx: typer.Context,
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA", help="Folder with a folder for each class, or a .parquet table."
        ),
    ],
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="For the model and all else.")
    ],
    model: Annotated[
        str | None, typer.Option("--model", help="Which (tk models 'vision/*'); else by size.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", metavar="FILE", help="Fine-tune these weights.")
    ] = None,
    reset_head: Annotated[
        bool, typer.Option("--reset-head", help="New head, for other classes than --checkpoint's.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --output.")
    ] = False,
    validation: Annotated[
        Path | None,
        typer.Option(help="As DATA; else its own, or a share of it.", rich_help_panel=_DATA),
    ] = None,
    test: Annotated[
        Path | None, typer.Option(help="As DATA; looked at once.", rich_help_panel=_DATA)
    ] = None,
    validation_share: Annotated[
        float | None, typer.Option(help="Share of each class; 0.2.", rich_help_panel=_DATA)
    ] = None,
    split_seed: Annotated[
        int | None, typer.Option(help="Chooses which.", rich_help_panel=_DATA)
    ] = None,
    image_size: Annotated[
        int | None,
        typer.Option(help="Side that the model sees; else by the data.", rich_help_panel=_DATA),
    ] = None,
    image_column: ImageColumnOption = None,
    label_column: LabelColumnOption = None,
    skip_bad: SkipBadOption = False,
    augment: Annotated[
        str | None, typer.Option(help="none, light or strong; light.", rich_help_panel=_CHANGES)
    ] = None,
    least: Annotated[
        float | None, typer.Option(help="Least area of random crops.", rich_help_panel=_CHANGES)
    ] = None,
    flip: Annotated[
        float | None,
        typer.Option(help="Chance of mirroring; 0 for letters.", rich_help_panel=_CHANGES),
    ] = None,
    randaugment: Annotated[
        int | None, typer.Option(help="RandAugment's operations.", rich_help_panel=_CHANGES)
    ] = None,
    magnitude: Annotated[
        float | None, typer.Option(help="Their strength, to 10.", rich_help_panel=_CHANGES)
    ] = None,
    erasing: Annotated[
        float | None, typer.Option(help="Chance of random erasing.", rich_help_panel=_CHANGES)
    ] = None,
    mixup: Annotated[
        float | None, typer.Option(help="Alpha of mixup; 0 none.", rich_help_panel=_CHANGES)
    ] = None,
    cutmix: Annotated[
        float | None, typer.Option(help="Alpha of CutMix; 0 none.", rich_help_panel=_CHANGES)
    ] = None,
    label_smoothing: Annotated[
        float | None, typer.Option(help="Share for all classes.", rich_help_panel=_CHANGES)
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the pictures.", rich_help_panel=_TRAINING)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Pictures a step.", rich_help_panel=_TRAINING)
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="The highest rate.", rich_help_panel=_TRAINING)
    ] = None,
    warmup: Annotated[
        float | None, typer.Option(help="Share of steps that it rises.", rich_help_panel=_TRAINING)
    ] = None,
    weight_decay: Annotated[
        float | None, typer.Option(help="Decoupled.", rich_help_panel=_TRAINING)
    ] = None,
    layer_decay: Annotated[
        float | None, typer.Option(help="Rate's factor a layer down.", rich_help_panel=_TRAINING)
    ] = None,
    drop_path: Annotated[
        float | None, typer.Option(help="Stochastic depth.", rich_help_panel=_TRAINING)
    ] = None,
    ema: Annotated[
        float | None,
        typer.Option(help="Decay of averaged weights; 0 none.", rich_help_panel=_TRAINING),
    ] = None,
    patience: Annotated[
        int | None, typer.Option(help="Stop after so many worse.", rich_help_panel=_TRAINING)
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="float32, bf16 or fp16.", rich_help_panel=_TRAINING)
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that read pictures.", rich_help_panel=_TRAINING)
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="auto or cpu.", rich_help_panel=_TRAINING)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of weights and order.", rich_help_panel=_TRAINING)
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="TOML with tables task, model and fit."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="TABLE.OPTION=VALUE", help="Any option: model.depth=6."),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train a classifier on labelled pictures.

    Every option has a default that fits the number and size of pictures.
    The best state is written to --output, with its metrics, confusion
    matrix and training curves.
    """
    start = Start(checkpoint, reset_head, resume)
    said = {
        "task": {
            "data": str(data),
            "validation": None if validation is None else str(validation),
            "test": None if test is None else str(test),
            "validation_share": validation_share,
            "split_seed": split_seed,
            "image_size": image_size,
            "image_column": image_column,
            "label_column": label_column,
            "skip_bad": skip_bad or None,
            "augment": augment,
            "least": least,
            "flip": flip,
            "randaugment": randaugment,
            "magnitude": magnitude,
            "erasing": erasing,
            "mixup": mixup,
            "cutmix": cutmix,
            "label_smoothing": label_smoothing,
        },
        "model": {"name": model, "drop_path": drop_path},
        "fit": {
            "epochs": epochs,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "warmup": warmup,
            "weight_decay": weight_decay,
            "layer_decay": layer_decay,
            "ema": ema,
            "patience": patience,
            "precision": precision,
            "workers": workers,
            "device": device,
            "seed": seed,
        },
    }
    tables = merged(
        read_tables(config) if config else {},
        parse_settings(settings or ()),
        {name: _given(table) for name, table in said.items()},
    )
    is_first = is_first_process()  # torchrun's other processes have nothing to add
    catalogue = ctx.ensure_object(Catalogue)
    say = speaker(quiet=quiet or not is_first)
    fitted = train_classifier(catalogue, tables, output, start, say=say)
    if not is_first:
        return
    say(f"the model is in {output}, with metrics.json, confusion.png and curves.png")
    if as_json:
        print_json(fitted.metrics)
    else:
        print_metrics(fitted.metrics)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
