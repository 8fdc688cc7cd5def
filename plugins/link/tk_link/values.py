"""Option values from what people write: ``a=b``, ``zip,year``, lists, TOML tables.

Each converter takes the loose form and returns the one that the configuration holds; it raises
``TypeError`` or ``ValueError`` with words that say what is wanted.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping, Sequence
from os import PathLike

from tk.errors import UsageError

Pair = tuple[str, str]


def split_columns(text: str) -> tuple[str, ...]:
    """Split ``a,b`` at commas; a name that holds a comma is written in double quotes."""
    names = next(csv.reader([text], skipinitialspace=True), [])
    if not names or not all(name.strip() for name in names):
        raise ValueError(f"name columns with commas between, such as name,city (got {text!r})")
    return tuple(name.strip() for name in names)


def split_pair(text: str) -> Pair:
    """Split ``left=right`` at the first equals sign; a lone name stands for both sides."""
    left, equals, right = text.partition("=")
    if not left.strip() or (equals and not right.strip()):
        raise ValueError(f"write left=right or one name for both sides (got {text!r})")
    return left.strip(), (right if equals else left).strip()


def split_setting(text: str) -> Pair:
    """Split ``column=value`` at the last equals sign."""
    column, equals, value = text.rpartition("=")
    if not (equals and column.strip() and value.strip()):
        raise ValueError(f"write column=value (got {text!r})")
    return column.strip(), value.strip()


def pair_up(
    on: object | None, left_on: tuple[str, ...] | None, right_on: tuple[str, ...] | None
) -> object | None:
    """Return `on`, or the pairs that ``--left-on`` and ``--right-on`` make together.

    Raises:
        UsageError: Both ways are used at once, or the two lists do not fit each other.
    """
    if left_on is None and right_on is None:
        return on
    if on is not None:
        raise UsageError("give either --on or --left-on with --right-on, not both")
    if left_on is None or right_on is None:
        missing = "--left-on" if left_on is None else "--right-on"
        raise UsageError(f"{missing} is missing; name the columns of both tables")
    if len(left_on) != len(right_on):
        raise UsageError(
            f"--left-on names {len(left_on)} columns and --right-on {len(right_on)}; "
            "each left column needs its right one"
        )
    return tuple(zip(left_on, right_on, strict=True))


def to_text(value: object) -> str:
    """Accept a string."""
    if not isinstance(value, str):
        raise TypeError("a text is wanted")
    return value


def to_path(value: object) -> str:
    """Accept a path."""
    if not isinstance(value, str | PathLike):
        raise TypeError("a path is wanted")
    return os.fspath(value)


def to_paths(value: object) -> tuple[str, ...]:
    """Accept a list of paths, or one, of strings or `pathlib`."""
    several = value if isinstance(value, list | tuple) else [value]
    return tuple(to_path(path) for path in several)


def to_count(value: object) -> int:
    """Accept a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("a whole number is wanted")
    return value


def to_number(value: object) -> float:
    """Accept a number, or its text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("a number is wanted")
    return float(value)


def to_switch(value: object) -> bool:
    """Accept true or false."""
    if not isinstance(value, bool):
        raise TypeError("true or false is wanted")
    return value


def to_explain(value: object) -> str:
    """Accept a format, or true for the plain one."""
    if isinstance(value, bool):
        return "text" if value else "none"
    return to_text(value)


def to_names(value: object) -> tuple[str, ...]:
    """Accept a list of names, or one text of them with commas."""
    if isinstance(value, str):
        return split_columns(value)
    return tuple(to_text(item) for item in _items(value))


def to_groups(value: object) -> tuple[tuple[str, ...], ...]:
    """Accept a list of groups of names; a group may be one text with commas."""
    return tuple(to_names(item) for item in ([value] if isinstance(value, str) else _items(value)))


def to_pairs(value: object) -> tuple[Pair, ...]:
    """Accept a list of pairs or names, a mapping, or one text ``a,left=right``."""
    if isinstance(value, Mapping):
        return tuple((to_text(left), to_text(right)) for left, right in value.items())
    items = split_columns(value) if isinstance(value, str) else _items(value)
    return tuple(_pair(item) for item in items)


def to_texts_by_column(value: object) -> tuple[Pair, ...]:
    """Accept a mapping from column to text, or its items."""
    return tuple((to_text(column), to_text(item)) for column, item in _settings(value))


def to_numbers_by_column(value: object) -> tuple[tuple[str, float], ...]:
    """Accept a mapping from column to number, or its items."""
    return tuple((to_text(column), to_number(item)) for column, item in _settings(value))


def to_band(value: object) -> tuple[float, float]:
    """Accept two numbers, or one text ``low,high``."""
    items = value.split(",") if isinstance(value, str) else _items(value)
    if len(items) != 2:
        raise ValueError("two numbers are wanted, such as 0.3,0.8")
    return to_number(items[0]), to_number(items[1])


def _items(value: object) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise TypeError("a list is wanted")
    return value


def _pair(item: object) -> Pair:
    """Read ``[left, right]``, ``left=right`` or one name for both."""
    if isinstance(item, str):
        return split_pair(item)
    left, right = (to_text(name) for name in _items(item))
    return left, right


def _settings(value: object) -> Sequence[tuple[object, object]]:
    if isinstance(value, Mapping):
        return list(value.items())
    pairs = [split_setting(item) if isinstance(item, str) else item for item in _items(value)]
    return [(column, item) for column, item in (_items(pair) for pair in pairs)]


CONVERTERS: dict[str, Callable[[object], object]] = {
    "left": to_text,
    "right": to_text,
    "sample": to_count,
    "on": to_pairs,
    "left_id": to_text,
    "right_id": to_text,
    "types": to_texts_by_column,
    "weights": to_numbers_by_column,
    "require": to_names,
    "forbid_conflict": to_names,
    "block": to_groups,
    "k": to_count,
    "retrieve": to_text,
    "model": to_text,
    "device": to_text,
    "offline": to_switch,
    "how": to_text,
    "ties": to_text,
    "top": to_count,
    "draws": to_count,
    "min_prob": to_number,
    "precision": to_number,
    "review_band": to_band,
    "all_pairs": to_switch,
    "explain": to_explain,
    "seed": to_count,
    "threads": to_count,
    "output": to_text,
    "join": to_text,
    "pairs": to_switch,
    "suffix": to_text,
    "if_exists": to_text,
    "report": to_path,
    "state": to_path,
    "earlier": to_text,
    "judged": to_paths,
    "work_dir": to_path,
    "executor": to_text,
    "shard_rows": to_count,
    "workers": to_count,
}
