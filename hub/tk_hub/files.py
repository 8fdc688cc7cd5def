"""Files that appear whole or not at all, and JSON in them."""

import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

from tk import InputError, OutputError


def write(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put `data` at `path` in one step that survives a power cut; makes the folders.

    Raises:
        OutputError: The folder is read-only, the disk is full, ….
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as e:
        raise OutputError(f"{path} cannot be written: {e.strerror}") from e


def write_json(path: Path, data: object) -> None:
    """Put `data` at `path` as indented JSON."""
    write(path, json.dumps(data, indent=2, ensure_ascii=False).encode() + b"\n")


def read_json(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """Read `path`; an absent file is an empty object.

    Raises:
        InputError: The file is not JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as e:
        raise InputError(f"{path} is not JSON: {e}; restore it or remove it") from e


def sha256(path: Path) -> str:
    """Hash a file without reading it whole."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
