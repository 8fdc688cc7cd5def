"""``tk embed PICTURES -o features.parquet``: vectors, hashes, near-duplicates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tk.atomic import replacing
from tk.errors import InputError, UsageError
from tk_vision.command_line import (
    BatchOption,
    CompileOption,
    DeviceOption,
    ImageColumnOption,
    LabelColumnOption,
    PrecisionOption,
    QuietOption,
    SkipBadOption,
    check_ending,
    speaker,
    write_frame,
)
from tk_vision.embedding.duplicates import check_threshold, find_duplicates
from tk_vision.embedding.features import Features, describe
from tk_vision.embedding.opening import DEFAULT, open_encoder
from tk_vision.embedding.sheet import to_html, to_png
from tk_vision.inference.running import Running
from tk_vision.pictures.checking import told
from tk_vision.pictures.listing import Columns, Say, list_pictures


def embed(
    pictures: Annotated[
        list[Path], typer.Argument(metavar="PICTURES", help="Folders, files, .parquet tables.")
    ],
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="A .parquet table.")
    ],
    model: Annotated[
        str,
        typer.Option("--model", help="Folder, checkpoint, or an encoder's name (tk encoders)."),
    ] = DEFAULT,
    duplicates: Annotated[
        Path | None,
        typer.Option("--duplicates", metavar="FILE", help="Near-duplicates: CSV or Parquet."),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE", help="Their contact sheet: HTML or PNG."),
    ] = None,
    threshold: Annotated[
        float, typer.Option("--threshold", help="Least cosine of near-duplicates.")
    ] = 0.95,
    batch_size: BatchOption = 0,
    precision: PrecisionOption = "auto",
    device: DeviceOption = "auto",
    compile: CompileOption = False,
    image_column: ImageColumnOption = None,
    label_column: LabelColumnOption = None,
    skip_bad: SkipBadOption = False,
    quiet: QuietOption = False,
) -> None:
    """Turn pictures into vectors, and find those that are nearly the same.

    The table has a row for every picture: its size, a perceptual hash and
    the vector. Pictures that cannot be used have a row that says why; the
    exit code is 3 then, unless --skip-bad is given. Without --model,
    pictures are described by a thumbnail of light and colour.
    """
    say = speaker(quiet=quiet)
    check_ending(output, (".parquet",))
    check_ending(duplicates)
    check_ending(sheet, (".html", ".png"))
    check_threshold(threshold)
    places = [path for path in (output, duplicates, sheet) if path is not None]
    if len(set(places)) < len(places):
        raise UsageError("--output, --duplicates and --sheet must be different files")
    encoder = open_encoder(model, Running(device, precision, batch_size, compile))
    columns = Columns(image_column or "", label_column or "")
    found = list_pictures(pictures, columns, say=say)
    at_once = batch_size or getattr(encoder, "batch_size", 64)
    features = describe(found, encoder, batch_size=at_once)
    write_frame(features.table(), output)
    say(f"{len(found) - len(features.bad)} pictures, {encoder.dim} numbers each, in {output}")
    if duplicates is not None or sheet is not None:
        _find(features, threshold, duplicates, sheet, say)
    _tell_bad(features, say, skip_bad=skip_bad)


def _find(
    features: Features, threshold: float, duplicates: Path | None, sheet: Path | None, say: Say
) -> None:
    found = find_duplicates(features, threshold)
    count = found["group"].n_unique()
    say(
        f"{len(found)} pictures in {count} groups of near-duplicates (cosine {threshold:g} or more)"
    )
    if duplicates is not None:
        write_frame(found.drop("row"), duplicates)
    if sheet is None:
        return
    if sheet.suffix.lower() == ".png":
        data = to_png(found, features.pictures)
    else:
        data = to_html(found, features.pictures, "Near-duplicates").encode()
    with replacing(sheet) as stream:
        stream.write(data)


def _tell_bad(features: Features, say: Say, *, skip_bad: bool) -> None:
    if not features.bad:
        return
    text = told(features.bad, len(features.pictures))
    if not skip_bad:
        raise InputError(f"{text}\nall others are written; --skip-bad makes this no error")
    say(f"note: {text}")
