"""`tk link` as a Python call.

Nothing heavy is imported until it is called: ``tk link --help`` imports `tk_link` as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, TypeVar, Unpack, overload

from tk.errors import UsageError
from tk_link.offline import check_offline
from tk_link.settings import SHARDS, Settings, make_settings
from tk_link.values import pair_up, to_names

if TYPE_CHECKING:
    import polars as pl

    from tk_link.config import Earlier, Explain, How, Join, Retrieve, Ties
    from tk_link.fields import FieldType
    from tk_link.tables import Table

Names = str | Sequence[str]
Frame = TypeVar("Frame")


class LinkOptions(TypedDict, total=False):
    """The options of `link`; `LinkConfig` and `OutputConfig` say what each does."""

    on: Names | Sequence[tuple[str, str]] | Mapping[str, str]
    left_on: Names
    right_on: Names
    left_id: str
    right_id: str
    types: Mapping[str, FieldType]
    weights: Mapping[str, float]
    require: Names
    forbid_conflict: Names
    block: Sequence[Names]
    k: int
    retrieve: Retrieve
    model: str
    device: str
    offline: bool
    how: How
    ties: Ties
    top: int
    min_prob: float
    precision: float
    review_band: tuple[float, float]
    all_pairs: bool
    explain: bool | Explain
    draws: int
    seed: int
    threads: int
    join: Join
    pairs: bool
    suffix: str
    report: str | Path
    state: str | Path
    earlier: Earlier
    judged: str | Path | Sequence[str | Path]


@overload
def link(left: str | Path, right: object, **options: Unpack[LinkOptions]) -> pl.DataFrame: ...


@overload
def link(left: Frame, right: object, **options: Unpack[LinkOptions]) -> Frame: ...


def link(left: object, right: object, **options: Unpack[LinkOptions]) -> object:
    """Match the rows of two tables, without labels and without settings.

    Args:
        left: A polars, pandas or Arrow table, or the path of a file.
        right: Likewise; the two need not be of one kind.
        **options: As on the command line, with underscores: ``on=["name", "city"]``.

    Returns:
        All left rows with their partners, or what `join` and `pairs` ask for; the same kind of
        frame as `left`, polars where that is a path.

    Raises:
        InputError: A table or a column cannot be used.
        UsageError: An option is unknown or impossible.
        OutputError: The report cannot be written; said before the run. Where it fails after it,
            the result is returned with a warning.
    """
    settings = settings_of(options)
    paths = [str(table) if isinstance(table, str | Path) else None for table in (left, right)]
    settings = replace(settings, left=paths[0], right=paths[1])
    report = settings.output.report

    from tk_link.finding import Given, find  # noqa: PLC0415 - see the module's docstring
    from tk_link.frames import to_kind  # noqa: PLC0415
    from tk_link.page.place import check_report  # noqa: PLC0415
    from tk_link.shape import shape  # noqa: PLC0415
    from tk_link.state.origins import check_state  # noqa: PLC0415

    if settings.link.offline:
        check_offline((left, right))
    files = [path for path in paths if path is not None]
    if report is not None:
        check_report(report, files, ())
    if settings.state is not None:
        check_state(settings.state, [*files, *settings.judged])
    found = find(Given(table_of(left, "left"), table_of(right, "right")), settings)
    if report is not None and found.closely is not None:
        from tk_link.page.reports import warning_instead, write_link_report  # noqa: PLC0415

        with warning_instead():
            write_link_report(found.closely, found.left, found.right, settings, report)
    tables, linkage, ids = (found.left, found.right), found.linkage, found.ids
    del found  # what all candidates were compared on is large
    frame = shape(linkage, *tables, config=settings.link, output=settings.output, ids=ids)
    return to_kind(frame, left)


def settings_of(options: Mapping[str, object]) -> Settings:
    """Return the settings that keyword options mean.

    Raises:
        UsageError: An option is unknown or impossible.
    """
    given = dict(options)
    for name in ("left", "right", "sample", "output", "if_exists", *SHARDS):
        if name in given:
            raise UsageError(f"link() takes no option {name!r}; that is for the command line")
    left_on, right_on = (
        to_names(given.pop(name)) if name in given else None for name in ("left_on", "right_on")
    )
    given["on"] = pair_up(given.get("on"), left_on, right_on)
    return make_settings(given)


def table_of(given: object, name: str) -> Table:
    """Return a frame, or the file at a path, as a table.

    Raises:
        InputError: It cannot be used.
    """
    from tk_link.frames import from_frame  # noqa: PLC0415 - see the module's docstring
    from tk_link.reading import read_table  # noqa: PLC0415

    return read_table(str(given)) if isinstance(given, str | Path) else from_frame(given, name)
