"""Where a report may be written, found out before the run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tk.errors import UsageError
from tk_link.writing import check_place

_SUFFIXES = (".html", ".htm")


def check_report(report: str, inputs: Iterable[str], outputs: Iterable[str | None]) -> None:
    """Find out before the work whether the page can be written to `report`.

    Args:
        report: File of the page.
        inputs: What the run reads.
        outputs: What else it writes, where it does.

    Raises:
        UsageError: It is not named as a web page, or is another output of the run.
        OutputError: Its folder is missing or read-only, or it is an input.
    """
    path = Path(report).expanduser()
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"--report writes a web page; name it so, not {report!r}: report.html")
    if path.resolve() in (Path(output).expanduser().resolve() for output in outputs if output):
        raise UsageError(f"--report and another output are one file, {report}; name two")
    check_place(report, inputs)
