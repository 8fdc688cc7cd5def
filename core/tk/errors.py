"""Every error that `tk` and its plugins raise on purpose.

    TkError                 exit 1   something went wrong that we can name
    ├── UsageError          exit 2   the call itself is wrong: options, names
    │   └── NotFoundError   exit 2   no such model, command, column, …; suggests the nearest
    ├── InputError          exit 3   a file or table cannot be used as it is
    ├── OutputError         exit 3   a result cannot be written
    ├── MissingExtraError   exit 4   an optional part is not installed; carries the pip line
    ├── QualityError        exit 5   the asked-for quality cannot be reached
    ├── LimitError          exit 6   stopped by a limit; partial results are written
    └── PluginError         exit 1   a plugin's manifest, package or code is broken

The command line prints the message after ``error:`` and leaves with `TkError.exit_code`.
Interruption (Ctrl-C) is not in this tree: it stays `KeyboardInterrupt` and leaves with
`EXIT_INTERRUPTED`.
"""

from collections.abc import Iterable
from typing import ClassVar

from tk.suggest import not_found

EXIT_INTERRUPTED = 130


class TkError(Exception):
    """Name what went wrong, with which value, and what to do about it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UsageError(TkError):
    """The call is wrong, whatever the data: unknown option value, contradictory options."""

    exit_code = 2


class NotFoundError(UsageError):
    """A name that should be one of a known few is not.

    Attributes:
        kind: What the name names, as the message says it (``model``, ``column``).
        name: The name that was asked for.
        options: The names that exist.
    """

    def __init__(self, kind: str, name: str, options: Iterable[str], *, where: str = "") -> None:
        """Compose the message.

        Args:
            kind: What the name names.
            name: The name that was asked for.
            options: The names that exist; the nearest is suggested.
            where: The command that lists them, put at the end in brackets.
        """
        self.kind = kind
        self.name = name
        self.options = tuple(options)
        super().__init__(not_found(kind, name, self.options, where=where))


class InputError(TkError):
    """A file or table cannot be used as it is: missing, empty, binary, without a common column."""

    exit_code = 3


class OutputError(TkError):
    """A result cannot be written: read-only folder, full disk, closed target."""

    exit_code = 3


class MissingExtraError(TkError):
    """An optional part is not installed.

    Attributes:
        extra: The extra that brings it.
    """

    exit_code = 4

    def __init__(self, what: str, extra: str, *, distribution: str = "transformer-tk") -> None:
        """Compose the message with the pip line.

        Args:
            what: What is missing, as the sentence's subject (``reading DICOM files``).
            extra: The extra that brings it.
            distribution: What pip calls the package that has the extra.
        """
        self.extra = extra
        super().__init__(f'{what} needs an optional part: pip install "{distribution}[{extra}]"')


class QualityError(TkError):
    """The quality that was asked for cannot be reached on this data."""

    exit_code = 5


class LimitError(TkError):
    """A limit of time, memory or size stopped the work; what was done is written."""

    exit_code = 6


class PluginError(TkError):
    """A plugin is broken; the message names it, its version and the fix."""
