"""``tk classify``: its train command, and what a trained model is used with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tk.errors import InputError, OutputError, QualityError
from tk_vision.classifying.evaluating import evaluate_pictures
from tk_vision.classifying.opening import open_model
from tk_vision.classifying.predicting import Predictions, predict
from tk_vision.classifying.train_command import train
from tk_vision.command_line import (
    BatchOption,
    CompileOption,
    DeviceOption,
    ImageColumnOption,
    JsonOption,
    LabelColumnOption,
    PrecisionOption,
    QuietOption,
    SkipBadOption,
    check_ending,
    print_frame,
    print_json,
    print_metrics,
    speaker,
    write_frame,
)
from tk_vision.inference.running import Running
from tk_vision.pictures.checking import told
from tk_vision.pictures.listing import Columns, Say, list_pictures

app = typer.Typer(no_args_is_help=True, help="Train, use and measure classifiers of pictures.")
app.command("train")(train)

ModelArgument = Annotated[
    Path, typer.Argument(metavar="MODEL", help="What `train` wrote, or a published checkpoint.")
]


@app.command("predict")
def predict_command(
    model: ModelArgument,
    pictures: Annotated[
        list[Path], typer.Argument(metavar="PICTURES", help="Folders, files, .parquet tables.")
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
    quiet: QuietOption = False,
) -> None:
    """Name the classes of pictures, with probabilities.

    Pictures that cannot be used have a row that says why; the exit code is
    3 then, unless --skip-bad is given.
    """
    say = speaker(quiet=quiet)
    check_ending(output)
    running = Running(device, precision, batch_size, compile)
    found_pictures = list_pictures(pictures, Columns(image_column or ""), say=say)
    found = predict(open_model(model), found_pictures, running)
    write_frame(found.frame(top=top_k), output)
    _tell_bad(found, say, skip_bad=skip_bad)


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
    quiet: QuietOption = False,
) -> None:
    """Measure a classifier on labelled pictures."""
    say = speaker(quiet=quiet)
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


def _tell_bad(found: Predictions, say: Say, *, skip_bad: bool) -> None:
    if not found.bad:
        return
    text = told(found.bad, len(found.answers))
    if not skip_bad:
        raise InputError(f"{text}\nall others are written; --skip-bad makes this no error")
    say(f"note: {text}")
