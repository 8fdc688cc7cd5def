"""From tables to clusters, with or without a state and judgements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tk.errors import UsageError
from tk_link.auditing.judgements import Judgement, Pair
from tk_link.dedupe.columns import check_columns
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.naming import namings
from tk_link.dedupe.settings import DedupeSettings
from tk_link.dedupe.stack import Stack, stack
from tk_link.progress import Progress
from tk_link.state.arriving import Arriving
from tk_link.state.origins import arriving_of
from tk_link.tables import Table

if TYPE_CHECKING:
    from tk_link.dedupe.clustering import Clustering
    from tk_link.dedupe.pipeline import Run
    from tk_link.judging.judged import Judged, Verdicts
    from tk_link.state.running import Step


@dataclass(frozen=True)
class Given:
    """A table to search.

    Attributes:
        table: Its rows.
        file: What it was read from; None for a frame.
    """

    table: Table
    file: str | None = None


@dataclass(frozen=True)
class Found:
    """What came of it.

    Attributes:
        stack: All rows that were searched.
        clustering: What was found in them.
        config: The options, with the column of files' names.
        closely: Everything that was computed; None where a state had the result already.
        step: What the run brought to the state, where there is one.
    """

    stack: Stack
    clustering: Clustering
    config: DedupeConfig
    closely: Run | None
    step: Step | None = None


def find(
    given: Sequence[Given], settings: DedupeSettings, *, progress: Progress | None = None
) -> Found:
    """Group rows into entities, as `settings` say.

    Raises:
        InputError: A table, a column, the state or a file of judgements cannot be used.
        OutputError: The state cannot be written.
        UsageError: Options do not go together.
    """
    verdicts = read_all(settings.judged) if settings.judged else {}
    if settings.state is not None:
        from tk_link.state.going_on import go_on  # noqa: PLC0415 - loads scipy

        state = Path(settings.state).expanduser()
        done = go_on(
            state,
            arriving(given, state),
            settings.dedupe,
            verdicts,
            earlier=settings.earlier,
            progress=progress,
            again=settings.report is not None,
        )
        return Found(done.stack, done.clustering, done.config, done.closely, done.step)
    stacked, config = stack_checked([each.table for each in given], settings.dedupe)
    judged = _located(verdicts, stacked, config) if verdicts else None
    from tk_link.dedupe.pipeline import run_closely  # noqa: PLC0415 - loads scipy

    closely = run_closely(stacked.table, config, progress=progress, judged=judged)
    return Found(stacked, closely.clustering, config, closely)


def stack_checked(tables: Sequence[Table], config: DedupeConfig) -> tuple[Stack, DedupeConfig]:
    """Stack tables and check the columns that `config` names."""
    stacked = stack(tables, source=config.source)
    check_columns(config, stacked)
    return stacked, replace(config, source=stacked.source or config.source)


def look_ahead(given: Sequence[Given], settings: DedupeSettings) -> tuple[Stack, DedupeConfig]:
    """Return the rows that `find` would search; write nothing. Raises as `find`."""
    if settings.state is None:
        return stack_checked([each.table for each in given], settings.dedupe)
    from tk_link.state.going_on import look_ahead as look_ahead_from  # noqa: PLC0415 - loads scipy

    state = Path(settings.state).expanduser()
    return look_ahead_from(state, arriving(given, state), settings.dedupe)


def arriving(given: Sequence[Given], state: Path) -> list[Arriving]:
    """Return what arrives in a state."""
    return [arriving_of(each.table, each.file, state) for each in given]


def read_all(files: Sequence[str]) -> Verdicts:
    """Read files of judgements; a later file overrules an earlier one."""
    from tk_link.judging.judged import read_verdicts  # noqa: PLC0415 - loads scipy

    verdicts: dict[Pair, Judgement] = {}
    for file in files:
        found = read_verdicts(file)
        turned = {pair[::-1] for pair in found}  # one table's pairs have no sides
        verdicts = {pair: said for pair, said in verdicts.items() if pair not in turned} | found
    return verdicts


def _located(verdicts: Verdicts, stacked: Stack, config: DedupeConfig) -> Judged:
    from tk_link.judging.judged import (  # noqa: PLC0415 - loads scipy
        check_present,
        find_rows,
        rows_by_name,
    )

    names = namings(stacked.table, config.id, stacked.source)
    rows = rows_by_name(*names)
    judged = find_rows(verdicts, rows, rows)
    check_present(judged, verdicts, names[0][0])
    judged.check(names[0])
    return judged


def check_given(given_files: Sequence[str], state: str | None) -> None:
    """See that there is something to search: a file, or a state that was begun.

    Raises:
        UsageError: There is not.
    """
    if given_files or (state is not None and Path(state).expanduser().exists()):
        return
    raise UsageError("FILE missing; name a table, or several: tk dedupe table.csv")
