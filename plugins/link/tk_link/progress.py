"""How far the work has come, for whoever watches: a terminal, or nobody."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Protocol, Self


class Progress(Protocol):
    """What the pipeline tells while it works."""

    def stage(self, name: str, *, total: int | None = None) -> None:
        """Begin the stage `name`, which ends the one before.

        Args:
            name: What is being done, as the bar shows it: ``candidates``.
            total: Steps until the stage is done; None where that is not known.
        """

    def advance(self, steps: int = 1) -> None:
        """Count `steps` of the stage as done."""


class TerminalProgress:
    """A bar on standard error, gone when the work is; silent where that is no terminal."""

    def __init__(self, *, enabled: bool = True) -> None:
        from rich import console, progress  # noqa: PLC0415 - rich is slow to import

        self._bars = progress.Progress(
            progress.SpinnerColumn(),
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.TimeElapsedColumn(),
            console=console.Console(stderr=True),
            transient=True,
            disable=not (enabled and sys.stderr.isatty()),
        )
        self._task = self._bars.add_task("reading", total=None)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def stage(self, name: str, *, total: int | None = None) -> None:
        """Show `name` in place of the stage before."""
        self._bars.reset(self._task, description=name, total=total)

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
        self._bars.advance(self._task, steps)
