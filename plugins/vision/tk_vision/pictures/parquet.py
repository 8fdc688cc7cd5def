"""Pictures in a Parquet table: bytes, or the structs of bytes and path that Hugging Face writes."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import polars as pl

from tk.errors import InputError, NotFoundError
from tk_vision.pictures.picture import Picture

_LABELS = ("label", "labels", "class", "target", "category", "y", "fine_label")
_NAMES = ("path", "name", "file_name", "filename", "file", "id")


def read_parquet(
    path: Path, *, image: str = "", label: str = "", with_labels: bool = True
) -> list[Picture]:
    """Return the pictures of a table, one a row.

    Args:
        path: The file.
        image: Column of the pictures; by default the only one that holds bytes.
        label: Column of the classes, texts or whole numbers; by default one called so.
        with_labels: Demand labels.

    Raises:
        InputError: It cannot be read, or has no such columns.
        NotFoundError: A column that was named is not there.
    """
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as e:
        raise InputError(f"{path} cannot be read as Parquet: {str(e).partition(chr(10))[0]}") from e
    for column in filter(None, (image, label)):
        if column not in frame.columns:
            raise NotFoundError("column", column, frame.columns)
    series = frame[image or _image_column(frame, path)]
    names = _names(frame, path)
    if series.dtype == pl.Struct:
        fields = series.struct.unnest()
        if "path" in fields.columns:
            known = fields["path"].cast(pl.String)
            names = pl.select(pl.coalesce(known, names)).to_series()
        series = fields["bytes"]
    if series.dtype != pl.Binary:
        raise InputError(f"{path}: column {series.name!r} is {series.dtype}, must hold bytes")
    labels = _labels(frame, path, label, required=with_labels)
    rows = zip(names, series, labels, strict=True)  # as many as pictures; decoding takes longer
    return [Picture(name, data or b"", text) for name, data, text in rows]


def _image_column(frame: pl.DataFrame, path: Path) -> str:
    found = [name for name, dtype in frame.schema.items() if _holds_bytes(dtype)]
    if len(found) != 1:
        has = f"columns {', '.join(found)}" if found else "no column"
        raise InputError(f"{path} has {has} of bytes; say --image-column")
    return found[0]


def _holds_bytes(dtype: pl.DataType) -> bool:
    if isinstance(dtype, pl.Struct):
        return any(field.name == "bytes" and field.dtype == pl.Binary for field in dtype.fields)
    return dtype == pl.Binary


def _names(frame: pl.DataFrame, path: Path) -> pl.Series:
    """Return what each row is called: a column of different texts, or its number."""
    for name in _NAMES:
        if name in frame.columns and frame[name].dtype == pl.String:
            column = frame[name]
            if not column.null_count() and column.n_unique() == len(frame):
                return column
    rows = pl.int_range(len(frame), eager=True).cast(pl.String)
    return f"{path.name} row " + rows


def _labels(frame: pl.DataFrame, path: Path, label: str, *, required: bool) -> pl.Series:
    name = label or next((column for column in _LABELS if column in frame.columns), "")
    if not name:
        if required:
            columns = ", ".join(frame.columns)
            raise InputError(f"{path} has no column of classes (has {columns}); say --label-column")
        return pl.repeat("", len(frame), eager=True, dtype=pl.String)
    column = frame[name]
    if not (column.dtype.is_integer() or column.dtype in (pl.String, pl.Boolean, pl.Categorical)):
        raise InputError(
            f"{path}: column {name!r} is {column.dtype}, must be text or whole numbers"
        )
    texts = column.cast(pl.String)
    missing = (texts.is_null() | (texts == "")).arg_max() if len(texts) else None
    if required and missing is not None and not texts[missing]:
        raise InputError(f"{path}: row {missing} has no class in column {name!r}")
    names = _class_names(path, name) if column.dtype.is_integer() else []
    known = {str(number): text for number, text in enumerate(names)}
    return texts.replace(known).fill_null("")


def _class_names(path: Path, column: str) -> list[str]:
    """Return the names of numbered classes, which Hugging Face's files carry; else nothing."""
    with suppress(pl.exceptions.PolarsError, ValueError, KeyError, TypeError):
        told = json.loads(pl.read_parquet_metadata(path)["huggingface"])
        return [str(name) for name in told["info"]["features"][column]["names"]]
    return []
