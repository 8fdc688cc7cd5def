"""From what a person names (folders, files, tables) to pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tk.errors import InputError
from tk_vision.pictures.folders import Found, find_labelled, find_parts, find_pictures
from tk_vision.pictures.parquet import read_parquet
from tk_vision.pictures.picture import Picture

Say = Callable[[str], None]
_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class Columns:
    """Which columns of a table hold the pictures and their classes; empty finds them.

    Attributes:
        image: Column of the pictures.
        label: Column of the classes.
    """

    image: str = ""
    label: str = ""


def list_labelled(path: Path, columns: Columns, *, say: Say) -> list[Picture]:
    """Return the pictures of a folder of class folders or of a table, with their labels.

    Raises:
        InputError: It is not there, holds no pictures, or no classes.
    """
    _check_there(path)
    if path.is_dir():
        found = find_labelled(path)
        _note(found, path, say)
        pictures = found.pictures
    elif path.suffix.lower() in _PARQUET:
        pictures = read_parquet(path, image=columns.image, label=columns.label)
    else:
        raise InputError(f"{path} is neither a folder of class folders nor a .parquet table")
    if not pictures:
        raise InputError(f"{path} holds no pictures")
    return pictures


def list_parts(path: Path) -> dict[str, Path]:
    """Return the folders ``train``, ``validation`` and ``test`` in `path`; else nothing."""
    _check_there(path)
    return find_parts(path) if path.is_dir() else {}


def list_pictures(paths: Sequence[Path], columns: Columns, *, say: Say) -> list[Picture]:
    """Return all pictures of folders, files and tables; labels where tables have them.

    Raises:
        InputError: One of them is not there, or there is no picture at all.
    """
    pictures: list[Picture] = []
    for path in paths:
        _check_there(path)
        if path.is_dir():
            found = find_pictures(path)
            _note(found, path, say)
            pictures += found.pictures
        elif path.suffix.lower() in _PARQUET:
            pictures += read_parquet(
                path, image=columns.image, label=columns.label, with_labels=False
            )
        else:
            pictures.append(Picture(str(path), path))
    if not pictures:
        raise InputError(f"no pictures in {', '.join(map(str, paths))}")
    return _apart(pictures)


def _apart(pictures: list[Picture]) -> list[Picture]:
    """Call pictures of several folders by their whole paths where they share a name."""
    counts = Counter(picture.name for picture in pictures)
    return [
        replace(each, name=str(each.source))
        if counts[each.name] > 1 and isinstance(each.source, Path)
        else each
        for each in pictures
    ]


def _check_there(path: Path) -> None:
    if not path.exists():
        raise InputError(f"{path} is not there; give a folder of pictures or a .parquet table")


def _note(found: Found, path: Path, say: Say) -> None:
    if found.others:
        shown = ", ".join(found.others[:3]) + (", …" if len(found.others) > 3 else "")
        say(f"note: {len(found.others)} files in {path} are no pictures and are left out: {shown}")
    if found.empty:
        say(f"note: class folders without pictures are left out: {', '.join(found.empty)}")
