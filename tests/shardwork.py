"""Work for executors in tests; a module of its own, as other processes import it by name."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tk.errors import InputError


class Serial:
    """The smallest executor: this process, one shard after the other."""

    def map(
        self, fn: Callable[[Any], Any], shards: Iterable[Any], *, gpus: float = 0
    ) -> Iterator[Any]:
        for shard in shards:
            yield fn(shard)


def square(number: int) -> int:
    return number * number


def note_and_fail_on_two(folder: Path, number: int) -> int:
    if number == 2:
        raise InputError("shard two is torn")
    (folder / str(number)).touch()
    return number


def die_once(folder: Path, number: int) -> int:
    """Record each attempt; the first one at 1 is killed as by the system."""
    attempts = len(list(folder.glob(f"{number}-*")))
    (folder / f"{number}-{attempts}").touch()
    if number == 1 and attempts == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number
