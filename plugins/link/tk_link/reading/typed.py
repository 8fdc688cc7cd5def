"""Files that carry their own types: Parquet, Arrow, JSON. Workbooks have a file of their own."""

from __future__ import annotations

import io
import json

import polars as pl

from tk.errors import InputError

FAILURES = (Exception, pl.exceptions.PanicException)
"""What readers of binary formats raise on broken bytes: polars, fastexcel and the OS have no common
base, and Rust panics are not even `Exception`."""


def read_parquet(data: bytes, name: str) -> pl.DataFrame:
    """Read a Parquet file; raises `InputError` where it is none."""
    try:
        return pl.read_parquet(data)
    except FAILURES as error:
        raise InputError(broken(name, "Parquet", error)) from error


def read_arrow(data: bytes, name: str) -> pl.DataFrame:
    """Read an Arrow file or stream; raises `InputError` where it is neither."""
    read = pl.read_ipc if data.startswith(b"ARROW1") else pl.read_ipc_stream
    try:
        return read(io.BytesIO(data))
    except FAILURES as error:
        raise InputError(broken(name, "Arrow", error)) from error


def read_jsonl(data: bytes, name: str) -> pl.DataFrame:
    """Read one JSON object a line; raises `InputError` with the line that is none."""
    try:
        return pl.read_ndjson(data, infer_schema_length=None)
    except (pl.exceptions.PolarsError, ValueError) as error:
        for number, line in enumerate(data.split(b"\n"), start=1):
            if line.strip():
                _check_object(line, f"{name}: line {number}")
        raise InputError(broken(name, "JSON Lines", error)) from error


def read_json(data: bytes, name: str) -> pl.DataFrame:
    """Read an array of JSON objects; raises `InputError` where it is none."""
    try:
        rows = json.loads(data)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{name}: line {error.lineno}, column {error.colno} is not JSON ({error.msg})"
        ) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f'{name} must hold an array of objects: [{{"name": "…"}}, …]')
    if not rows:
        raise InputError(f"{name} has no rows")
    try:
        return pl.read_json(data, infer_schema_length=None)
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise InputError(broken(name, "JSON", error)) from error


def _check_object(line: bytes, where: str) -> None:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{where} is not JSON ({error})") from error
    if not isinstance(row, dict):
        raise InputError(f"{where} is not a JSON object")


def broken(name: str, kind: str, error: Exception) -> str:
    """Say that `name` cannot be read as a file of its kind, and why."""
    if isinstance(error, pl.exceptions.DuplicateError):
        return f"{name}: {error}; give each column its own name"
    reason = str(error).strip().split("\n")[0]
    return f"{name} is not a whole {kind} file ({reason}); export it again"
