"""Write a frame to a file, by its suffix, to a table of a database, or to standard output."""

from __future__ import annotations

import gzip
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import IOBase
from pathlib import Path, PurePath, PurePosixPath
from typing import IO, cast

import polars as pl

from tk.errors import InputError, OutputError, UsageError
from tk_link import remote
from tk_link.atomic import explained, replacing
from tk_link.config import IfExists
from tk_link.databases.address import is_database, parse_address, split_inside
from tk_link.databases.write import check_database, write_database
from tk_link.masking import masked
from tk_link.reading.several import expand, is_pattern_of
from tk_link.reading.source import Compression, Format, parse_format, place
from tk_link.textview import text_view

_PIECE = 50_000
_MAX_SHEET_ROWS = 1_048_576
_MAX_CELL = 32_767
"""Excel's limits. Beyond them xlsxwriter drops cells with a warning; we refuse instead."""

_EFFECTIVE = os.access in os.supports_effective_ids


def check_output(output: str, inputs: Iterable[str], *, if_exists: IfExists | None = None) -> None:
    """Find out before the work, not after it, whether the table `output` can be written.

    Raises:
        OutputError: Its format is unknown, its folder missing or read-only, it is an input, or it
            exists and is not to be replaced.
        UsageError: Rows are to be appended to a file.
    """
    if is_database(output):
        base = place(output).rpartition("::")[0]  # its only table need not be named
        given = {place(source) for source in inputs if is_database(source)}
        if given & {place(output), f"{base}::"}:
            raise OutputError(f"{masked(output)} is an input of this run; name another table")
        check_database(parse_address(output), if_exists or "fail")
        return
    if if_exists == "append":
        raise UsageError(f"{masked(output)} is a file; rows are appended to database tables alone")
    if "://" in output:
        _check_format(PurePosixPath(output))
        _check_no_input(output, inputs)
        remote.check_writable(output, replace=if_exists != "fail")
        return
    path = Path(output).expanduser()
    if not path.is_dir():
        _check_format(path)
    check_place(output, inputs)
    if if_exists == "fail" and Path(output).expanduser().exists():
        raise OutputError(f"{output} exists; name another file, or say --if-exists replace")


def _check_format(path: PurePath) -> None:
    try:
        parse_format(path)
    except InputError as error:
        raise OutputError(str(error)) from error


def check_place(output: str, inputs: Iterable[str]) -> None:
    """Find out whether a file can be written at `output`, whatever its format.

    Raises:
        OutputError: Its folder is missing or read-only, or it is an input.
    """
    path = Path(output).expanduser()
    if path.is_dir():
        raise OutputError(f"{output} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise OutputError(f"{output} cannot be written: folder {path.parent} does not exist")
    _check_no_input(output, inputs)
    is_replaced = path.is_file() or not path.exists()
    if is_replaced and not os.access(path.resolve().parent, os.W_OK, effective_ids=_EFFECTIVE):
        raise OutputError(f"{output} cannot be written: folder {path.parent} is read-only")


def write_table(frame: pl.DataFrame, output: str, *, if_exists: IfExists | None = None) -> None:
    """Write `frame` to the file or the database's table `output`, whole or not at all.

    Raises:
        OutputError: It cannot be written, or the format cannot hold it.
    """
    if is_database(output):
        write_database(frame, parse_address(output), if_exists or "fail")
    elif "://" in output:
        content = io.BytesIO()
        format_, compression = parse_format(PurePosixPath(output))
        with _packed(content, compression) as packed:
            _write(frame, packed, format_, masked(output))
        remote.store(output, content.getvalue())
    else:
        _write_file(frame, output)


def _write_file(frame: pl.DataFrame, output: str) -> None:
    path = Path(output).expanduser()
    format_, compression = parse_format(path)
    with replacing(path) as stream, _packed(stream, compression) as packed:
        _write(frame, packed, format_, output)


def _write(frame: pl.DataFrame, stream: IO[bytes], format_: Format, output: str) -> None:
    try:
        _WRITERS[format_](frame, stream)
    except pl.exceptions.PolarsError as error:
        reason = str(error).strip().split("\n")[0]
        raise OutputError(f"{output} cannot be written as {format_}: {reason}") from error


def write_stdout(frame: pl.DataFrame) -> None:
    """Write `frame` as csv to standard output.

    Raises:
        OutputError: It is closed or full. A reader that has gone away is a `BrokenPipeError`.
    """
    if sys.stdout is None:
        raise OutputError("standard output is closed; name a file with -o")
    frame = _flat(frame)
    with explained("standard output"):
        # In pieces and through Python, which tells a closed pipe from a full disk.
        for at, piece in enumerate(frame.iter_slices(_PIECE) if len(frame) else [frame]):
            sys.stdout.buffer.write(piece.write_csv(include_header=at == 0).encode())
        sys.stdout.buffer.flush()


def _check_no_input(output: str, inputs: Iterable[str]) -> None:
    """Raise `OutputError` where the file `output` is one that is read, also by a pattern."""
    for source in inputs:
        for given in _input_files(source, output):
            if given == output or _is_one_file(given, output):
                said = f"{masked(output)} is an input of this run; give the output another name"
                raise OutputError(said)


def _input_files(source: str, output: str) -> list[str]:
    """Return the files that an input names; a database's file is one too."""
    if is_database(source):
        return [place(source).partition(":")[2].rpartition("::")[0]]
    if "://" in source and is_pattern_of(source, output):
        return [output]
    try:
        found = [source] if "://" in source else expand(source)
    except InputError:  # which reading will say
        return []
    return [split_inside(each)[0] for each in found]


def _is_one_file(given: str, output: str) -> bool:
    paths = [Path(each.removeprefix("file://")).expanduser() for each in (given, output)]
    return paths[0].exists() and paths[1].exists() and paths[0].samefile(paths[1])


@contextmanager
def _packed(stream: IO[bytes], compression: Compression | None) -> Iterator[IO[bytes]]:
    if compression == "gz":
        # No name and no time inside: the same result is the same file.
        with gzip.GzipFile(filename="", fileobj=stream, mode="wb", compresslevel=6, mtime=0) as out:
            yield cast("IO[bytes]", out)
    elif compression == "zst":
        import zstandard  # noqa: PLC0415 - only where a .zst is written

        with zstandard.ZstdCompressor().stream_writer(stream, closefd=False) as out:
            yield cast("IO[bytes]", out)
    else:
        yield stream


def _write_csv(frame: pl.DataFrame, stream: IO[bytes]) -> None:
    _flat(frame).write_csv(stream)


def _write_tsv(frame: pl.DataFrame, stream: IO[bytes]) -> None:
    _flat(frame).write_csv(stream, separator="\t")


def _write_xlsx(frame: pl.DataFrame, stream: IO[bytes]) -> None:
    import xlsxwriter  # noqa: PLC0415 - only where a workbook is written

    frame = _flat(frame)
    if frame.height >= _MAX_SHEET_ROWS:
        raise OutputError(
            f"a sheet holds {_MAX_SHEET_ROWS - 1:,} rows, the result has {frame.height:,}; "
            "write .csv or .parquet"
        )
    for column in frame.iter_columns():
        if column.dtype == pl.String and (column.str.len_chars() > _MAX_CELL).any():
            raise OutputError(
                f"a sheet's cell holds {_MAX_CELL:,} characters, column {column.name!r} has "
                "more; write .csv or .parquet"
            )
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "nan_inf_to_errors": True,
        "in_memory": True,
    }
    book = io.BytesIO()  # on a full disk xlsxwriter would raise errors of its own
    with xlsxwriter.Workbook(book, options) as workbook:
        frame.write_excel(workbook, autofit=False)
    stream.write(book.getbuffer())


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn columns that text cannot hold (lists, structs, bytes) into text."""
    nested = [
        name for name, dtype in frame.schema.items() if dtype.is_nested() or dtype == pl.Binary
    ]
    return frame.with_columns(text_view(frame.select(nested))) if nested else frame


_WRITERS: dict[Format, Callable[[pl.DataFrame, IO[bytes]], object]] = {
    "csv": _write_csv,
    "tsv": _write_tsv,
    "parquet": lambda frame, stream: frame.write_parquet(stream),
    "jsonl": lambda frame, stream: frame.write_ndjson(stream),
    "json": lambda frame, stream: frame.write_json(cast("IOBase", stream)),
    "xlsx": _write_xlsx,
    "arrow": lambda frame, stream: frame.write_ipc(stream, compression="zstd"),
}
