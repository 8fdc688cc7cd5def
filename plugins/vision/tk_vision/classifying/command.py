"""``tk classify train``, ``tk classify predict`` and ``tk classify evaluate``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tk import Catalogue
from tk.errors import InputError, OutputError, QualityError
from tk.training.plan import merged, parse_settings, read_tables
from tk_vision.classifying.evaluating import evaluate_pictures
from tk_vision.classifying.opening import open_model
from tk_vision.classifying.predicting import Predictions, predict
from tk_vision.classifying.training import Start, is_first_process
from tk_vision.classifying.training import train as train_classifier
from tk_vision.command_line import (
    BatchOption,
    CompileOption,
    DeviceOption,
    ImageColumnOption,
    LabelColumnOption,
    PrecisionOption,
    SkipBadOption,
    check_ending,
    print_frame,
    print_json,
    print_metrics,
    say,
    write_frame,
)
from tk_vision.inference.running import Running
from tk_vision.pictures.checking import told
from tk_vision.pictures.listing import Columns, list_pictures

app = typer.Typer(no_args_is_help=True, help="Train, use and measure classifiers of pictures.")

_DATA, _CHANGES, _TRAINING = "Pictures", "Augmentation", "Training"
ModelArgument = Annotated[
    Path, typer.Argument(metavar="MODEL", help="What `train` wrote, or a published checkpoint.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("train")
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
) -> None:
    """Train a classifier on labelled pictures.

    Every option has a default that fits the number and the size of the pictures. The best state is
    written to --output, with its metrics, confusion matrix and training curves.
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
    tell = say if is_first else lambda text: None
    fitted = train_classifier(catalogue, tables, output, start, say=tell)
    if not is_first:
        return
    say(f"the model is in {output}, with metrics.json, confusion.png and curves.png")
    if as_json:
        print_json(fitted.metrics)
    else:
        print_metrics(fitted.metrics)


@app.command("predict")
def predict_command(
    model: ModelArgument,
    pictures: Annotated[
        list[Path], typer.Argument(metavar="PICTURES…", help="Folders, files, .parquet tables.")
    ],
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="CSV or Parquet; else standard output.")
    ] = None,
    top_k: Annotated[int, typer.Option("--top-k", help="Classes a picture.")] = 5,
    batch_size: BatchOption = 0,
    precision: PrecisionOption = "auto",
    device: DeviceOption = "auto",
    compile: CompileOption = False,
    image_column: ImageColumnOption = None,
    skip_bad: SkipBadOption = False,
) -> None:
    """Name the classes of pictures, with probabilities.

    Pictures that cannot be used have a row that says why; the exit code is 3 then, unless
    --skip-bad is given.
    """
    check_ending(output)
    running = Running(device, precision, batch_size, compile)
    found_pictures = list_pictures(pictures, Columns(image_column or ""), say=say)
    found = predict(open_model(model), found_pictures, running)
    write_frame(found.frame(top=top_k), output)
    _tell_bad(found, skip_bad=skip_bad)


@app.command("evaluate")
def evaluate(
    model: ModelArgument,
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Folder of class folders, or a .parquet table.")
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="For metrics.json, confusion.png, confusion.csv and predictions.csv.",
        ),
    ] = None,
    drop_unseen: Annotated[
        bool, typer.Option("--drop-unseen", help="Leave out classes that were not learnt.")
    ] = False,
    at_least: Annotated[
        float | None, typer.Option("--at-least", help="Exit 5 where the accuracy is lower.")
    ] = None,
    top_k: Annotated[int, typer.Option("--top-k", help="Classes a row of predictions.csv.")] = 5,
    batch_size: BatchOption = 0,
    precision: PrecisionOption = "float32",
    device: DeviceOption = "auto",
    compile: CompileOption = False,
    image_column: ImageColumnOption = None,
    label_column: LabelColumnOption = None,
    skip_bad: SkipBadOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure a classifier on labelled pictures."""
    if output is not None and output.exists() and not output.is_dir():
        raise OutputError(f"{output} is no folder")
    found = evaluate_pictures(
        open_model(model),
        data,
        Columns(image_column or "", label_column or ""),
        Running(device, precision, batch_size, compile),
        drop_unseen=drop_unseen,
        skip_bad=skip_bad,
        say=say,
    )
    if output is not None:
        found.write(output, top=top_k)
        say(f"written to {output}: metrics.json, confusion.png, confusion.csv, predictions.csv")
    if as_json:
        print_json(found.measures.overall)
    else:
        print_frame(found.measures.by_class(found.predictions.classes))
        print_metrics({"all": found.measures.overall})
    accuracy = found.measures.overall["accuracy"]
    if at_least is not None and accuracy < at_least:
        raise QualityError(f"accuracy is {accuracy:.4f}, below --at-least {at_least}")


def _tell_bad(found: Predictions, *, skip_bad: bool) -> None:
    if not found.bad:
        return
    text = told(found.bad, len(found.answers))
    if not skip_bad:
        raise InputError(f"{text}\nall others are written; --skip-bad makes this no error")
    say(f"note: {text}")


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
