"""The bytes of an input, unpacked, read within bounds and recognised."""

from __future__ import annotations

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, cast

from tk.errors import InputError
from tk_link.reading.source import Source

MAX_LINE = 16 * 1024 * 1024
"""Longest line of a text table, in bytes. A longer one is no table, and reading stops there."""

_CHUNK = 1024 * 1024
_LINED = ("csv", "tsv", "jsonl")

_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"PAR1", "a Parquet file", "rename it to end in .parquet"),
    (b"ARROW1", "an Arrow file", "rename it to end in .arrow"),
    (b"PK\x03\x04", "a zip or an Excel workbook", "rename a workbook to .xlsx, unzip a zip"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls)", "save it as .xlsx or .csv"),
    (b"\x1f\x8b", "gzip-compressed", "rename it to end in .csv.gz"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed", "rename it to end in .csv.zst"),
    (b"BZh", "bzip2-compressed", "unpack it first"),
    (b"\xfd7zXZ", "xz-compressed", "unpack it first"),
    (b"7z\xbc\xaf", "a 7-zip archive", "unpack it first"),
    (b"SQLite format 3", "an SQLite database", "name a table in it: sqlite:///FILE::TABLE"),
    (b"\x89PNG", "a PNG image", "name a table instead"),
    (b"\xff\xd8\xff", "a JPEG image", "name a table instead"),
    (b"GIF8", "a GIF image", "name a table instead"),
    (b"%PDF", "a PDF document", "copy its table into a csv file"),
    (b"\x7fELF", "a program", "name a table instead"),
    (b"<!DOCTYPE html", "a web page", "download the table itself"),
    (b"<!doctype html", "a web page", "download the table itself"),
    (b"<html", "a web page", "download the table itself"),
    (b"version https://git-lfs", "a Git LFS pointer", "fetch the file: git lfs pull"),
)


def read_content(source: Source) -> bytes:
    """Read all of `source`, unpacked.

    Raises:
        InputError: It is empty, unreadable or corrupt, or a line passes `MAX_LINE`.
    """
    chunks: list[bytes] = []
    line = 0
    try:
        for chunk in _chunks(source):
            chunks.append(chunk)
            if source.format in _LINED:
                line = _open_line(chunk, line)
                if line > MAX_LINE:
                    raise InputError(_too_long(source, chunks))
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(f"{source.name} cannot be read: {error.strerror}") from error
        raise InputError(_corrupt(source, error)) from error
    if not chunks:
        raise InputError(f"{source.name} is empty")
    return b"".join(chunks)


def recognise(head: bytes) -> tuple[str, str] | None:
    """Say what the first bytes of a file look like and what to do, or None for possible text."""
    for magic, what, advice in _MAGIC:
        if head.startswith(magic):
            return what, advice
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    sample = head[:65536]
    control = sum(sample.count(byte) for byte in (*range(1, 9), *range(14, 27), *range(28, 32)))
    if control > max(8, len(sample) // 25):  # of even bytes, a tenth are control characters
        return "a binary file", "name a table instead"
    return None


def _chunks(source: Source) -> Iterator[bytes]:
    with ExitStack() as stack:
        raw: IO[bytes]
        if source.content is not None:
            raw = io.BytesIO(source.content)
        elif source.path is None:
            raw = sys.stdin.buffer
        else:
            raw = stack.enter_context(source.path.open("rb"))
        if source.compression == "gz":
            raw = cast("IO[bytes]", stack.enter_context(gzip.GzipFile(fileobj=raw)))
        elif source.compression == "zst":
            yield from _unpack_zst(raw, source)
            return
        while chunk := raw.read(_CHUNK):
            yield chunk


def _unpack_zst(raw: IO[bytes], source: Source) -> Iterator[bytes]:
    import zstandard  # noqa: PLC0415 - only where a .zst is read

    reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
    try:
        while chunk := reader.read(_CHUNK):
            yield chunk
    except zstandard.ZstdError as error:
        raise InputError(_corrupt(source, error)) from error


def _open_line(chunk: bytes, before: int) -> int:
    """Return the length of the unfinished line at the end of `chunk`."""
    last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
    return before + len(chunk) if last < 0 else len(chunk) - last - 1


def _too_long(source: Source, chunks: list[bytes]) -> str:
    number = sum(chunk.count(b"\n") for chunk in chunks) + 1
    return (
        f"{source.name}: line {number} is longer than {MAX_LINE // 2**20} MB; "
        "is this a table with line breaks between its rows?"
    )


def _corrupt(source: Source, error: Exception) -> str:
    kind = {"gz": "gzip", "zst": "zstd"}.get(source.compression or "", "")
    return (
        f"{source.name} is not a whole {kind} file ({error}); download or compress it again, "
        "or remove the suffix if it is not compressed"
    )
