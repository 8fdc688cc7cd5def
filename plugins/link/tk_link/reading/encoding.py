"""Bytes of a text file to UTF-8, with the encoding found from the bytes themselves."""

from __future__ import annotations

import codecs

from tk.errors import InputError

_SAMPLE = 65536


def to_utf8(data: bytes, name: str) -> tuple[bytes, str]:
    """Return `data` as UTF-8 without byte-order mark, and the encoding it was in.

    Tried in order: byte-order marks, UTF-16 without one, UTF-8, Windows-1252 (which Latin-1 text
    is part of). A file that is UTF-8 but for a few bytes is refused rather than garbled, and so is
    one that reads as Windows-1252 only on paper.

    Raises:
        InputError: No encoding fits.
    """
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    encoding = _utf16(data)
    if encoding:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            raise InputError(
                f"{name} begins like UTF-16 but is broken at byte {error.start}; save it as UTF-8"
            ) from error
        return text.removeprefix("\ufeff").encode("utf-8"), encoding.upper()
    if data.isascii():
        return data, "UTF-8"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _from_windows(data, name, error), "Windows-1252"
    return data, "UTF-8"


def _utf16(data: bytes) -> str | None:
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = data[: min(_SAMPLE, len(data) // 2 * 2)]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if half >= 4 and odd > 0.6 * half and even < 0.05 * half:
        return "utf-16-le"
    if half >= 4 and even > 0.6 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _from_windows(data: bytes, name: str, error: UnicodeDecodeError) -> bytes:
    line = data.count(b"\n", 0, error.start) + 1
    where = f"{name}: line {line} holds the byte 0x{data[error.start]:02x}"
    if _is_mostly_utf8(data):
        raise InputError(f"{where}, which is not UTF-8, while the rest is; repair it and try again")
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as undefined:
        line = data.count(b"\n", 0, undefined.start) + 1
        byte = f"0x{data[undefined.start]:02x}"
        raise InputError(
            f"{name}: line {line} holds the byte {byte}, which is neither UTF-8 nor Windows-1252; "
            "save the file as UTF-8"
        ) from undefined
    if not _is_western(text):
        raise InputError(
            f"{where}: this is neither UTF-8 nor a Western encoding; save the file as UTF-8 "
            f"(iconv -f YOUR-ENCODING -t UTF-8)"
        ) from error
    return text.encode("utf-8")


def _is_mostly_utf8(data: bytes) -> bool:
    """Tell whether multi-byte UTF-8 sequences clearly outnumber broken bytes."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    beyond_ascii = len(text) - _count_ascii(data)
    return beyond_ascii - broken > 4 * broken


def _count_ascii(data: bytes) -> int:
    return len(data.translate(None, bytes(range(128, 256))))


def _is_western(text: str) -> bool:
    """Tell whether letters beyond ASCII are a minority, as in every Western language."""
    sample = text[: 16 * _SAMPLE]
    letters = [char for char in sample if char.isalpha()]
    foreign = sum(not char.isascii() for char in letters)
    return foreign <= 0.4 * max(len(letters), 1) or foreign < 8
