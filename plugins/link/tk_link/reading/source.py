"""What the user named: a file here or on a server and its format, or standard input.

The suffix decides the format; no file is opened here beyond asking whether it is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath
from typing import Literal

from tk.errors import InputError
from tk.suggest import nearest
from tk_link.databases.address import is_database, parse_address, split_inside
from tk_link.remote import fetch

Format = Literal["csv", "tsv", "parquet", "jsonl", "json", "xlsx", "arrow"]
Compression = Literal["gz", "zst"]

FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".xlsx": "xlsx",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
COMPRESSIONS: dict[str, Compression] = {".gz": "gz", ".gzip": "gz", ".zst": "zst", ".zstd": "zst"}

_SUFFIXES = ".csv, .tsv, .txt, .parquet, .jsonl, .json, .xlsx, .arrow, each also .gz or .zst"


@dataclass(frozen=True)
class Source:
    """One input as named on the command line.

    Attributes:
        name: What to call it in messages.
        path: The file, or None for standard input and what was fetched.
        format: How its bytes are to be understood.
        compression: What they are packed with.
        sheet: Sheet of a workbook, where one was named.
        content: The bytes that were fetched, still packed; None for what is read here.
    """

    name: str
    path: Path | None
    format: Format
    compression: Compression | None = None
    sheet: str | None = None
    content: bytes | None = field(default=None, repr=False)


def parse_source(source: str) -> Source:
    """Understand `source` as a file, a URL, a workbook's sheet or standard input (``-``).

    What a URL names is fetched.

    Raises:
        InputError: No such file, a folder, or a suffix that we do not read.
        MissingExtraError: The library for the URL's scheme is not installed.
    """
    if source == "-":
        return Source("standard input", None, "csv")
    given, sheet = split_inside(source)
    if "://" in source:
        return _fetched(given, sheet)
    path = Path(given).expanduser()
    _check_exists(path, given)
    format_, compression = parse_format(path)
    if sheet and format_ != "xlsx":
        raise InputError(f"{source}: '::{sheet}' names a sheet, but {path.name} is not a workbook")
    return Source(path.name, path, format_, compression, sheet or None)


def place(named: str) -> str:
    """Return what tells one input or output from another, however they are written."""
    if is_database(named):
        address = parse_address(named)
        on_disk = address.kind != "postgresql"
        where = str(address.path.resolve()) if on_disk else address.where
        return f"{address.kind}:{where}::{address.what}"
    if "://" in named or named == "-":
        return named
    path, colons, sheet = named.partition("::")
    return str(Path(path).expanduser().resolve()) + colons + sheet


def _fetched(url: str, sheet: str) -> Source:
    found = fetch(url)
    path = PurePosixPath(found.filename)
    format_, compression = parse_format(path) if path.suffix else ("csv", None)
    if sheet and format_ != "xlsx":
        raise InputError(f"{found.name}: '::{sheet}' names a sheet, but this is not a workbook")
    return Source(found.name, None, format_, compression, sheet or None, found.content)


def parse_format(path: PurePath) -> tuple[Format, Compression | None]:
    """Return the format and compression that the suffixes of `path` stand for.

    A pipe, as of ``tk link <(...) b.csv``, has no suffix and is read as csv.

    Raises:
        InputError: The suffix stands for no format that we read or write.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    compression = COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    if compression:
        suffixes.pop()
    last = suffixes[-1] if suffixes else ""
    if last in FORMATS:
        return FORMATS[last], compression
    if isinstance(path, Path) and (path.is_fifo() or path.is_char_device()):
        return "csv", compression
    what = f"suffix {last!r} is unknown" if last else "the name has no suffix"
    near = nearest(last, FORMATS) if last else None
    hint = f"; did you mean {near!r}?" if near else ""
    raise InputError(f"{path.name}: {what}{hint} (use {_SUFFIXES})")


def _check_exists(path: Path, given: str) -> None:
    if path.is_dir():
        raise InputError(f"{given} is a folder; name a file in it")
    if path.exists():
        return
    folder = path.parent
    if not folder.is_dir():
        raise InputError(f"{given} does not exist; neither does its folder {folder}")
    # By their stems: a common suffix makes any two names alike.
    neighbours = {entry.stem: entry.name for entry in sorted(folder.iterdir(), reverse=True)}
    near = nearest(path.stem, neighbours)
    if near:
        raise InputError(
            f"{given} does not exist; did you mean {str(folder / neighbours[near])!r}?"
        )
    raise InputError(f"{given} does not exist")
