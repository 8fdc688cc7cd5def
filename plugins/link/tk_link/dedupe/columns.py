"""Column names in the options of a deduplication, checked against the table."""

from __future__ import annotations

from tk.errors import InputError, UsageError
from tk_link.columns import check_known, check_unique
from tk_link.dedupe.config import EVERY, DedupeConfig, split_rule
from tk_link.dedupe.stack import Stack


def check_columns(config: DedupeConfig, stack: Stack) -> None:
    """Check that every column that `config` names exists, and that its id names rows.

    Raises:
        InputError: A column is unknown (the nearest is suggested), or an id repeats or is blank.
        UsageError: Files are to be told apart, and there is one.
    """
    of_golden = [(column, split_rule(rule)[1]) for column, rule in config.golden]
    for column in (
        *(config.on or ()),
        *(column for column, _ in config.types),
        *(column for column, _ in config.weights),
        *(column for column, _ in of_golden if column != EVERY),
        *(dating for _, dating in of_golden if dating is not None),
        *((config.source,) if config.source is not None and stack.source is None else ()),
    ):
        check_known(column, stack.table)
    if config.id is not None:
        for part in stack.parts:
            check_known(config.id, part)
            check_unique(config.id, part)
    if config.across_only and (stack.source or config.source) is None:
        raise UsageError(
            "across-only joins rows of different files, and there is one; name more files, or the "
            "column that says where a row is from (--source)"
        )
    if config.on is not None and {*config.on} <= {config.id, stack.source or config.source}:
        raise InputError(f"on names {', '.join(config.on)} alone, which cannot be compared")
