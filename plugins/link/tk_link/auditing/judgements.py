"""Judgements in a file that is never behind: one line of csv for every key that was pressed.

``left_id,right_id,judgement,when``; judgement is ``y`` (a match), ``n`` (none) or ``u`` (unsure),
when is ISO 8601 in UTC. A pair that was judged again has a later line, and that one counts. Lines
are appended and flushed to the disk one by one, so that whatever ends the program loses none; a
last line that was cut off by a crash of the machine is passed over.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from tk.errors import InputError, OutputError
from tk_link.atomic import explained

Judgement = Literal["y", "n", "u"]
Pair = tuple[str, str]

HEADER = ("left_id", "right_id", "judgement", "when")


@dataclass(frozen=True)
class Journal:
    """The file; it need not exist yet."""

    path: Path

    def read(self) -> dict[Pair, Judgement]:
        """Return the judgement that counts for each pair.

        Raises:
            InputError: It is there and is no such file.
        """
        if not self.path.exists():
            return {}
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{self.path} cannot be read: {error}") from error
        if not text:
            return {}
        whole = text if text.endswith("\n") else text[: text.rfind("\n") + 1]
        lines = list(csv.reader(io.StringIO(whole)))
        if not lines or tuple(lines[0]) != HEADER:
            raise InputError(
                f"{self.path} holds no judgements: its first line is not {','.join(HEADER)}; "
                "name the file that tk audit kept"
            )
        return dict(self._judged(number, line) for number, line in enumerate(lines[1:], start=2))

    def check(self) -> None:
        """Find out before anybody judges whether judgements can be kept.

        Raises:
            OutputError: The folder is missing or read-only.
        """
        folder = self.path.parent
        if not folder.is_dir():
            raise OutputError(f"{self.path} cannot be written: folder {folder} does not exist")
        target = self.path if self.path.exists() else folder
        if not os.access(target, os.W_OK):
            raise OutputError(
                f"{self.path} cannot be written: {target} is read-only; "
                "name another place with --judgements FILE"
            )

    def append(self, judged: Mapping[Pair, Judgement]) -> None:
        """Add judgements; when this returns they are on the disk.

        Raises:
            OutputError: They cannot be written.
        """
        when = datetime.now(UTC).isoformat(timespec="seconds")
        rows = [(*pair, judgement, when) for pair, judgement in judged.items()]
        with explained(str(self.path)), self.path.open("a+b") as stream:
            stream.seek(0)
            before = stream.read()
            whole = before.rfind(b"\n") + 1
            if whole < len(before):  # a line that a crash cut off
                stream.truncate(whole)
            text = _lines(rows if whole else [HEADER, *rows])
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())

    def _judged(self, number: int, line: list[str]) -> tuple[Pair, Judgement]:
        known = next((j for j in get_args(Judgement) if len(line) == 4 and j == line[2]), None)
        if known is None:
            raise InputError(
                f"{self.path}: line {number} is {','.join(line)!r}; it must read "
                "left_id,right_id,judgement,when with judgement y, n or u"
            )
        return (line[0], line[1]), known


def _lines(rows: Iterable[tuple[str, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
