"""From two tables to links, with or without a state and judgements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tk_link.columns import check_columns
from tk_link.linkage import Linkage
from tk_link.progress import Progress
from tk_link.settings import Settings
from tk_link.shape import RowIds
from tk_link.tables import Table

if TYPE_CHECKING:
    from tk_link.config import LinkConfig
    from tk_link.judging.judged import Judged, Verdicts
    from tk_link.pipeline import Run
    from tk_link.state.linking import Tables
    from tk_link.state.running import Step


@dataclass(frozen=True)
class Given:
    """What is to be linked; a side that a state knows may bring nothing.

    Attributes:
        left: The left table.
        right: The right one.
    """

    left: Table | None
    right: Table | None


@dataclass(frozen=True)
class Found:
    """What came of it.

    Attributes:
        left: The left rows, as they are written.
        right: The right ones.
        linkage: What was decided.
        closely: Everything that was computed; None where a state had the result already.
        ids: What a state calls rows, where there is one.
        step: What the run brought to the state, where there is one.
    """

    left: Table
    right: Table
    linkage: Linkage
    closely: Run | None
    ids: RowIds | None = None
    step: Step | None = None


def find(given: Given, settings: Settings, *, progress: Progress | None = None) -> Found:
    """Link two tables, as `settings` say.

    Raises:
        InputError: A table, a column, the state or a file of judgements cannot be used.
        OutputError: The state cannot be written.
        QualityError: The precision asked for cannot be reached.
        UsageError: Options do not go together.
    """
    if settings.state is not None:
        return _find_on(Path(settings.state).expanduser(), given, settings, progress)
    left, right = _both(given, settings)
    judged = _judged(settings, left, right) if settings.judged else None
    # A wrong name is said before scipy loads.
    from tk_link.pipeline import run_closely  # noqa: PLC0415

    done = run_closely(left, right, settings.link, progress=progress, judged=judged)
    return Found(left, right, done.linkage, done)


def look_ahead(given: Given, settings: Settings) -> tuple[Table, Table, LinkConfig]:
    """Return the rows that `find` would link, and their options. Raises as `find`."""
    if settings.state is None:
        return *_both(given, settings), settings.link
    from tk_link.state.linking import look_ahead as look_ahead_from  # noqa: PLC0415 - loads scipy

    state = Path(settings.state).expanduser()
    (left_side, right_side), config = look_ahead_from(
        state, _arriving(given, settings, state), settings.link
    )
    return left_side.table, right_side.table, config


def _both(given: Given, settings: Settings) -> tuple[Table, Table]:
    """Return two tables, whose columns are checked."""
    assert given.left is not None
    assert given.right is not None  # only a state knows what is not given
    check_columns(settings.link, given.left, given.right)
    return given.left, given.right


def _find_on(state: Path, given: Given, settings: Settings, progress: Progress | None) -> Found:
    from tk_link.state.linking import link_on  # noqa: PLC0415 - loads scipy

    done = link_on(
        state,
        _arriving(given, settings, state),
        settings.link,
        read_all(settings.judged),
        earlier=settings.earlier,
        progress=progress,
        again=settings.output.report is not None,
    )
    left, right = done.sides
    ids = RowIds((left.ids, right.ids), done.ids)
    return Found(left.shown, right.shown, done.linkage, done.closely, ids, done.step)


def _arriving(given: Given, settings: Settings, state: Path) -> Tables:
    from tk_link.state.origins import arriving_of  # noqa: PLC0415 - loads scipy

    left, right = (
        [] if table is None else [arriving_of(table, file, state)]
        for table, file in ((given.left, settings.left), (given.right, settings.right))
    )
    return left, right


def read_all(files: Sequence[str]) -> Verdicts:
    """Read files of judgements on pairs of a left and a right row; a later file overrules."""
    if not files:
        return {}
    from tk_link.judging.judged import read_verdicts  # noqa: PLC0415 - loads scipy

    return {pair: said for file in files for pair, said in read_verdicts(file).items()}


def _judged(settings: Settings, left: Table, right: Table) -> Judged:
    """Find judged pairs among the rows of two tables."""
    from tk_link.dedupe.naming import row_names  # noqa: PLC0415 - loads scipy, with the next
    from tk_link.judging.judged import (  # noqa: PLC0415
        check_present,
        find_rows,
        rows_by_name,
    )
    from tk_link.profile import profile  # noqa: PLC0415

    names = []
    for table, given in ((left, settings.link.left_id), (right, settings.link.right_id)):
        roles = ((name, found.role) for name, found in profile(table).items())
        column = given or next((name for name, role in roles if role == "id"), None)
        names.append(row_names(table, column, None))
    verdicts = read_all(settings.judged)
    judged = find_rows(verdicts, *(rows_by_name(each) for each in names))
    check_present(judged, verdicts, f"{names[0][0]} and {names[1][0]}")
    return judged
