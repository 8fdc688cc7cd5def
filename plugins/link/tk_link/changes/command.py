"""One run of `tk diff` from end to end."""

from __future__ import annotations

import json as json_
from collections.abc import Iterator

import typer

from tk.errors import QualityError, UsageError
from tk_link.changes.comparison import CHANGES, Comparison, compare
from tk_link.changes.memberships import read_memberships
from tk_link.command import show, tell
from tk_link.summary import line
from tk_link.writing import check_output, write_table

_SAID = {
    "merged": "are made of several whole ones",
    "split": "fell into parts",
    "moved": "gave rows to clusters that hold others' rows too",
    "renamed": "have the same rows under another id",
}


def run_diff(
    first: str | None,
    second: str | None,
    *,
    output: str | None,
    id: str | None,
    exit_code: bool,
    quiet: bool,
    json: bool,
) -> None:
    """Compare two runs and say what changed.

    Raises:
        TkError: With the exit code that says what kind of trouble it was.
        QualityError: The clusters differ, and `exit_code` asks for that.
    """
    if first is None or second is None:
        missing = "RUN1 and RUN2" if first is None else "RUN2"
        raise UsageError(f"{missing} missing; name two runs: tk diff before.csv after.csv")
    if output is not None:
        check_output(output, [first, second])
    found = compare(read_memberships(first, id=id), read_memberships(second, id=id))
    if output is not None:
        write_table(found.changes, output)
    if json:
        typer.echo(_json(found))
    elif output is None:
        show(found.changes)
    if not quiet:
        tell(_summary(found, output))
    if exit_code and not found.is_same:
        raise QualityError(f"the clusters of {first} and {second} differ")


def _summary(found: Comparison, output: str | None) -> Iterator[str]:
    yield line(
        "rows", f"{found.shared:,} in both, {found.came:,} only later, {found.went:,} only earlier"
    )
    before, after = found.clusters
    yield line("clusters", f"{before:,} before, {after:,} after, of the rows in both")
    for change in CHANGES:
        yield line(change, f"{found.count(change):,} {_SAID[change]}")
    if output is not None:
        yield line("written", output)


def _json(found: Comparison) -> str:
    before, after = found.clusters
    report: dict[str, object] = {
        "is_same": found.is_same,
        "rows": {"shared": found.shared, "came": found.came, "went": found.went},
        "clusters": {"before": before, "after": after},
        "changes": found.changes.to_dicts(),
    }
    report |= {change: found.count(change) for change in CHANGES}
    return json_.dumps(report, indent=2, ensure_ascii=False)
