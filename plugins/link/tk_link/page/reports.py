"""A finished run written as a page: what `--report` does at the end."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tk.errors import OutputError
from tk_link.computed import with_computed
from tk_link.dedupe.pipeline import Run as DedupeRun
from tk_link.dedupe.settings import DedupeSettings
from tk_link.dedupe.stack import Stack
from tk_link.page.deduped import dedupe_page
from tk_link.page.linked import link_page
from tk_link.page.recipes import dedupe_recipes, link_recipes
from tk_link.page.rendering import write_page
from tk_link.pipeline import Run
from tk_link.settings import Settings
from tk_link.tables import Table


def write_link_report(
    run: Run,
    left: Table,
    right: Table,
    settings: Settings,
    path: str,
    *,
    words: Sequence[str] | None = None,
) -> None:
    """Write the page of a linkage.

    Args:
        run: All that the run computed.
        left: Left table.
        right: Right table.
        settings: What was asked for.
        path: File to write.
        words: What was typed after ``tk link``; None where it was called from Python.

    Raises:
        OutputError: It cannot be written.
    """
    left = with_computed(left, [field.left for field in run.linkage.fields])
    right = with_computed(right, [field.right for field in run.linkage.fields])
    write_page(link_page(run, left, right, link_recipes(settings, words)), path)


def write_dedupe_report(
    run: DedupeRun,
    stack: Stack,
    settings: DedupeSettings,
    path: str,
    *,
    words: Sequence[str] | None = None,
) -> None:
    """Write the page of a search for duplicates; arguments and `Raises` as above."""
    write_page(dedupe_page(run, stack, settings, dedupe_recipes(settings, words)), path)


@contextmanager
def warning_instead() -> Iterator[None]:
    """Warn where the page cannot be written after all: what the run found is worth more."""
    try:
        yield
    except OutputError as error:
        warnings.warn(f"no report: {error}", stacklevel=4)
