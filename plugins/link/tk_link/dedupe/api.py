"""`tk dedupe` as a Python call.

Nothing heavy is imported until it is called: ``tk link --help`` imports `tk_link` as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, TypeVar, Unpack, overload

from tk.errors import UsageError
from tk_link.dedupe.settings import make_settings
from tk_link.offline import check_offline
from tk_link.settings import SHARDS

if TYPE_CHECKING:
    import polars as pl

    from tk_link.config import Earlier, Retrieve
    from tk_link.dedupe.config import Keep, Method
    from tk_link.dedupe.finding import Given
    from tk_link.dedupe.settings import DedupeSettings
    from tk_link.fields import FieldType

Names = str | Sequence[str]
Frame = TypeVar("Frame")


class DedupeOptions(TypedDict, total=False):
    """The options of `dedupe`; `DedupeConfig` says what each does."""

    on: Names
    id: str
    types: Mapping[str, FieldType]
    weights: Mapping[str, float]
    source: str
    k: int
    retrieve: Retrieve
    model: str
    device: str
    offline: bool
    cluster: Method
    max_cluster: int
    min_prob: float
    across_only: bool
    keep: Keep
    golden: str | Mapping[str, str]
    draws: int
    seed: int
    state: str | Path
    earlier: Earlier
    judged: str | Path | Sequence[str | Path]
    threads: int
    report: str | Path


@overload
def dedupe(
    tables: str | Path | Sequence[str | Path], **options: Unpack[DedupeOptions]
) -> pl.DataFrame: ...


@overload
def dedupe(tables: Sequence[Frame], **options: Unpack[DedupeOptions]) -> Frame: ...


@overload
def dedupe(tables: Frame, **options: Unpack[DedupeOptions]) -> Frame: ...


def dedupe(tables: object, **options: Unpack[DedupeOptions]) -> object:
    """Find the rows of one or several tables that mean the same, without labels.

    Args:
        tables: A polars, pandas or Arrow table, or the path of a file; or a list of these, which
            are stacked with a column that says which one a row is from.
        **options: As on the command line, with underscores: ``on=["name", "city"]``.

    Returns:
        All rows, or those that `keep` leaves, with ``cluster_id``, ``cluster_size``,
        ``cluster_confidence`` and ``is_canonical`` in front; the same kind of frame as the first
        table, polars where that is a path.

    Raises:
        InputError: A table or a column cannot be used.
        UsageError: An option is unknown or impossible.
        OutputError: The report cannot be written; said before the run. Where it fails after it,
            the result is returned with a warning.
    """
    settings = _settings_of(options)
    config, report = settings.dedupe, settings.report

    from tk_link.dedupe.finding import find  # noqa: PLC0415 - see the module's docstring
    from tk_link.dedupe.shape import shape  # noqa: PLC0415
    from tk_link.frames import to_kind  # noqa: PLC0415
    from tk_link.page.place import check_report  # noqa: PLC0415
    from tk_link.state.origins import check_state  # noqa: PLC0415

    several = list(tables) if isinstance(tables, list | tuple) else [tables]
    if config.offline:
        check_offline(several)
    files = tuple(str(table) for table in several if isinstance(table, str | Path))
    if report is not None:
        check_report(report, files, ())
    if settings.state is not None:
        check_state(settings.state, [*files, *settings.judged])
    found = find(_given(several), settings)
    stacked, clustering, config = found.stack, found.clustering, found.config
    if report is not None and found.closely is not None:
        from tk_link.page.reports import warning_instead, write_dedupe_report  # noqa: PLC0415

        settings = replace(settings, dedupe=config, files=files)
        with warning_instead():
            write_dedupe_report(found.closely, stacked, settings, report)
    del found  # what all candidates were compared on is large
    frame = shape(clustering, stacked, config)
    return to_kind(frame, several[0])


def _settings_of(options: Mapping[str, object]) -> DedupeSettings:
    for name in ("files", "output", "pairs", "all_pairs", "if_exists", *SHARDS):
        if name in options:
            raise UsageError(f"dedupe() takes no option {name!r}; that is for the command line")
    return make_settings(options)


def _given(tables: Sequence[object]) -> list[Given]:
    from tk_link.dedupe.finding import Given  # noqa: PLC0415 - see above
    from tk_link.dedupe.stack import read_files  # noqa: PLC0415
    from tk_link.frames import from_frame  # noqa: PLC0415

    if not tables:
        raise UsageError("dedupe() needs a table; the list is empty")
    tables = [each for table in tables for each in _expanded(table)]
    paths = [str(table) for table in tables if isinstance(table, str | Path)]
    read = iter(read_files(paths))
    name = "table" if len(tables) == 1 else "table {}"
    return [
        Given(next(read), str(table))
        if isinstance(table, str | Path)
        else Given(from_frame(table, name.format(number)))
        for number, table in enumerate(tables, start=1)
    ]


def _expanded(table: object) -> Sequence[object]:
    """Return the files that a path stands for, which may be a pattern; a frame is itself."""
    from tk_link.reading.several import expand  # noqa: PLC0415 - see the module's docstring

    return expand(str(table)) if isinstance(table, str | Path) else [table]
