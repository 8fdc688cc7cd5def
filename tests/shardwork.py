"""Work for executors in tests; a module of its own, as other processes import it by name."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from functools import partial
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


class Dying:
    """Another executor, one of whose workers is killed in the middle of a stage, once.

    `attempts` tells which shards were begun how often.
    """

    def __init__(self, inner: Any, folder: Path, stage: str, shard: int) -> None:
        self.inner, self.folder, self.doomed = inner, folder, (stage, shard)
        folder.mkdir()

    def map(
        self, fn: Callable[[Any], Any], shards: Iterable[Any], *, gpus: float = 0
    ) -> Iterator[Any]:
        return self.inner.map(partial(begin, self.folder, self.doomed, fn), shards, gpus=gpus)

    @property
    def attempts(self) -> dict[str, int]:
        """How often each shard of each stage was begun."""
        return {path.name: len(path.read_text()) for path in self.folder.iterdir()}


def begin(folder: Path, doomed: tuple[str, int], fn: partial[Any], shard: int) -> Any:
    """Record an attempt and work on a shard; the first at the doomed one is killed after it."""
    stage = fn.func.__self__.folder.name  # a `Stage` carries out its own work
    path = folder / f"{stage}:{shard}"
    is_first = not path.exists()
    with path.open("a") as record:
        record.write("x")
    if is_first and (stage.split("-", 1)[1], shard) == doomed:
        os.kill(os.getpid(), signal.SIGKILL)
    return fn(shard)
