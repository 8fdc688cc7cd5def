"""The options of a command as one table of a TOML file: read, and written back."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from tk.errors import InputError, UsageError
from tk_link.masking import masked


def read_toml_table(path: Path, name: str) -> dict[str, object]:
    """Read the table ``[name]`` of a TOML file.

    Raises:
        InputError: The file is missing or is not TOML.
        UsageError: It has no such table.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from error
    table = document.get(name)
    if not isinstance(table, dict):
        raise UsageError(f"{path} has no [{name}] table; put the options of tk {name} under one")
    return table


def write_toml_table(name: str, options: Iterable[tuple[str, object]]) -> str:
    """Write options as the table ``[name]``, without those that are None or empty.

    Passwords in URLs are masked; what is masked is taken from the environment when it is read.
    """
    lines = [f"{key} = {_value(value)}" for key, value in options if value not in (None, (), {})]
    return "\n".join([f"[{name}]", *lines]) + "\n"


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{_value(key)} = {_value(item)}" for key, item in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):  # a JSON string is a TOML one, but for DEL
        return json.dumps(masked(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)
