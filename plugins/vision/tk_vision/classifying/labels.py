"""Names of classes and their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tk.errors import InputError
from tk_vision.pictures.picture import Picture

CLASSES = "classes.json"
"""File beside a model with the names of its classes, in order."""


def class_names(pictures: Sequence[Picture]) -> list[str]:
    """Return the classes that occur, in order: numbers by value, other names by letters."""
    names = {picture.label for picture in pictures}
    if all(name.isdecimal() for name in names):
        return sorted(names, key=lambda name: (int(name), name))
    return sorted(names)


def check_known(pictures: Sequence[Picture], classes: Sequence[str], *, where: str) -> None:
    """See that every label is one of `classes`.

    Raises:
        InputError: Some are not; names each with how many pictures have it and one of these.
    """
    unknown = Counter(p.label for p in pictures if p.label not in set(classes))
    if unknown:
        first = {p.label: p.name for p in reversed(pictures)}
        told = [f"{name!r} ({n} pictures, such as {first[name]})" for name, n in unknown.items()]
        shown = ", ".join(classes[:10]) + (", …" if len(classes) > 10 else "")
        raise InputError(
            f"{where} has classes that were not learnt: {', '.join(told)}; known are {shown}"
        )


def numbered(pictures: Sequence[Picture], classes: Sequence[str]) -> list[int]:
    """Return the number of each picture's class."""
    numbers = {name: number for number, name in enumerate(classes)}
    return [numbers[picture.label] for picture in pictures]
