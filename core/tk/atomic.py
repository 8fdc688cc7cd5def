"""A file that appears whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tk.errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a hidden neighbour of `path` that takes its place when the block ends well.

    Whatever ends the block otherwise, Ctrl-C included, the neighbour is removed and a file that was
    there before stays as it was. Pipes and devices cannot be replaced and are written directly.

    Raises:
        OutputError: The folder is missing or read-only, the disk is full, …
    """
    target = path.resolve()  # a link stays a link: its target is replaced
    if target.exists() and not target.is_file():
        with explained(str(path)), target.open("wb") as stream:
            yield stream
        return
    part = target.with_name(f".{target.name}.{os.urandom(4).hex()}.part")
    try:
        with explained(str(path)):
            with part.open("xb") as stream:
                yield stream
            _keep_mode(part, target)
            part.replace(target)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn what the system says about writing to `name` into an `OutputError`.

    A reader that has gone away (`BrokenPipeError`) is no error of the output and passes.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error).partition(" (os error")[0]  # the latter is polars'
        raise OutputError(f"{name} cannot be written: {reason}") from error


def _keep_mode(part: Path, target: Path) -> None:
    with suppress(FileNotFoundError):
        os.chmod(part, target.stat().st_mode & 0o777)
