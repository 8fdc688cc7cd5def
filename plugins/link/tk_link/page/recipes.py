"""Texts to copy that repeat a run: the command, its TOML, or the Python call.

Passwords in URLs are masked, for pages are handed on.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import fields

from tk_link.config import LinkConfig, OutputConfig
from tk_link.dedupe import settings as dedupe_settings
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.settings import DedupeSettings
from tk_link.masking import masked
from tk_link.page.content import Recipe
from tk_link.settings import Settings, to_toml

_BY_COLUMN = ("types", "weights", "golden")


def link_recipes(settings: Settings, words: Sequence[str] | None) -> tuple[Recipe, ...]:
    """Return what repeats a linkage.

    Args:
        settings: The run.
        words: What was typed after ``tk link``; None where it was called from Python.
    """
    if words is None:
        tables = [_literal(settings.left, "left"), _literal(settings.right, "right")]
        given = [*_given(settings.link), *_given(settings.output)]
        call = f"from tk_link import link\n\nmatches = link({', '.join([*tables, *given])})"
    else:
        call = f"tk link {shlex.join(words)}"
    return _recipes(call, to_toml(settings), "link", is_python=words is None)


def dedupe_recipes(settings: DedupeSettings, words: Sequence[str] | None) -> tuple[Recipe, ...]:
    """Return what repeats a search for duplicates; arguments as for `link_recipes`."""
    if words is None:
        files = list(settings.files)
        tables = "table" if not files else repr(files[0] if len(files) == 1 else files)
        report = [] if settings.report is None else [f"report={settings.report!r}"]
        given = [*_given(settings.dedupe), *report]
        call = f"from tk_link import dedupe\n\nrows = dedupe({', '.join([tables, *given])})"
    else:
        call = f"tk dedupe {shlex.join(words)}"
    toml = dedupe_settings.to_toml(settings)
    return _recipes(call, toml, "dedupe", is_python=words is None)


def _recipes(call: str, toml: str, command: str, *, is_python: bool) -> tuple[Recipe, ...]:
    name = "Python" if is_python else "Command"
    title = f"{command}.toml, for tk {command} --config {command}.toml"
    return Recipe(name, masked(call)), Recipe(title, masked(toml.rstrip("\n")))


def _literal(path: str | None, name: str) -> str:
    """Write a table as it was given: its path, or a name for a frame."""
    return name if path is None else repr(path)


def _given(config: LinkConfig | OutputConfig | DedupeConfig) -> Iterator[str]:
    """Write the options that differ from their defaults as keyword arguments."""
    for option in fields(config):
        value = getattr(config, option.name)
        if value != option.default:
            text = repr(dict(value) if option.name in _BY_COLUMN else value)
            yield f"{option.name}={text}"
