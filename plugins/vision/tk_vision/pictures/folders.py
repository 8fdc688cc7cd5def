"""Pictures in folders: all below one, or a folder for each class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tk.errors import InputError
from tk_vision.pictures.picture import Picture

ENDINGS = frozenset(
    [
        ".png",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".bmp",
        ".dib",
        ".gif",
        ".tif",
        ".tiff",
        ".webp",
        ".avif",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
        ".jp2",
        ".j2k",
        ".tga",
        ".ico",
        ".icns",
        ".pcx",
        ".sgi",
        ".xbm",
        ".dds",
        ".qoi",
    ]
)
"""Of files that are taken for pictures; others in the folders are counted and left out."""
PARTS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing"),
}
"""What folders with the parts of a data set are called."""


@dataclass
class Found:
    """Pictures below a folder.

    Attributes:
        pictures: In order of their names.
        others: Files that are no pictures by their ending.
        empty: Folders of classes that hold no picture.
    """

    pictures: list[Picture] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


def find_pictures(folder: Path) -> Found:
    """Return every picture below `folder`, without labels."""
    found = Found()
    _collect(found, folder, folder, "")
    return found


def find_labelled(folder: Path) -> Found:
    """Return the pictures of a folder of class folders, each labelled by its folder.

    Raises:
        InputError: There is no class folder.
    """
    classes = [path for path in _sorted(folder) if path.is_dir()]
    if not classes:
        raise InputError(
            f"{folder} has no class folders: put the pictures of each class into a folder with the "
            "class's name, or give a parquet table"
        )
    found = Found(others=[path.name for path in _sorted(folder) if path.is_file()])
    for path in classes:
        before = len(found.pictures)
        _collect(found, path, folder, path.name)
        if len(found.pictures) == before:
            found.empty.append(path.name)
    return found


def find_parts(folder: Path) -> dict[str, Path]:
    """Return the folders of the parts, where `folder` has one for training; else nothing."""
    below = {path.name.lower(): path for path in _sorted(folder) if path.is_dir()}
    parts = {part: below[name] for part, names in PARTS.items() for name in names if name in below}
    own = set(parts.values())
    are_all = all(path in own for path in below.values())
    return parts if "train" in parts and are_all else {}


def _collect(found: Found, folder: Path, root: Path, label: str) -> None:
    for path in _files(folder):
        name = path.relative_to(root).as_posix()
        if path.suffix.lower() in ENDINGS:
            found.pictures.append(Picture(name, path, label))
        else:
            found.others.append(name)


def _files(folder: Path) -> Iterator[Path]:
    for path in _sorted(folder):
        if path.is_dir():
            is_circle = path.is_symlink() and folder.resolve().is_relative_to(path.resolve())
            if not is_circle:
                yield from _files(path)
        elif path.is_file():
            yield path


def _sorted(folder: Path) -> list[Path]:
    """Return what is in a folder, by name, without hidden files."""
    try:
        paths = [path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX"))]
    except OSError as e:
        raise InputError(f"{folder} cannot be read: {e.strerror}") from e
    return sorted(paths, key=lambda path: path.name)
