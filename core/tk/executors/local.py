"""Work on this machine, in processes of its own; one that dies costs the shard in its hands."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext
from typing import Any, TypeVar

from tk.errors import LimitError, TkError, UsageError

Shard = TypeVar("Shard")
Result = TypeVar("Result")

_THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")


class LocalExecutor:
    """Processes of this machine.

    They are spawned, not forked: threads of polars and torch do not survive a fork. They stay for
    the next call, as starting one takes a second. A script that uses them therefore starts its work
    under ``if __name__ == "__main__":``.
    """

    def __init__(self, workers: int | None = None, *, retries: int = 2) -> None:
        """Set up; processes start with the first shard.

        Args:
            workers: Processes; None takes one a processor. They share its threads out evenly.
            retries: How often a shard whose process died is tried again.

        Raises:
            UsageError: There would be no worker.
        """
        if workers is not None and workers < 1:
            raise UsageError(f"workers is {workers}; it must be 1 or more")
        self.workers = workers or os.cpu_count() or 1
        self.retries = retries
        self._idle: list[_Worker] = []

    def map(
        self, fn: Callable[[Shard], Result], shards: Iterable[Shard], *, gpus: float = 0
    ) -> Iterator[Result]:
        """Yield ``fn(shard)`` for every shard, in order.

        After an error no new shard is begun, those under way are finished, then it is raised.

        Raises:
            LimitError: A shard's process died each time.
        """
        return _Round(fn, list(shards), self.workers, self.retries, self._idle).results()

    def close(self) -> None:
        """End the processes; they start again with the next shard."""
        while self._idle:
            self._idle.pop().stop()


class _Worker:
    """One process and the line to it."""

    def __init__(self, context: SpawnContext, threads: int) -> None:
        self.line, far = context.Pipe()
        self.process = context.Process(target=_serve, args=(far,), daemon=True)
        with _environment(dict.fromkeys(_THREADS, str(threads))):
            self.process.start()
        far.close()

    def stop(self) -> None:
        self.line.close()
        self.process.terminate()
        self.process.join()


class _Round:
    """One call of `LocalExecutor.map`."""

    def __init__(
        self,
        fn: Callable[[Any], Any],
        shards: list[Any],
        workers: int,
        retries: int,
        idle: list[_Worker],
    ) -> None:
        self._fn, self._shards, self._retries = fn, shards, retries
        self._context = multiprocessing.get_context("spawn")
        self._most = min(workers, len(shards))
        self._threads = max((os.cpu_count() or 1) // workers, 1)
        self._waiting = deque(range(len(shards)))
        self._deaths = [0] * len(shards)
        self._busy: dict[_Worker, int] = {}
        self._idle = idle
        self._done: dict[int, Any] = {}
        self._error: BaseException | None = None

    def results(self) -> Iterator[Any]:
        try:
            for number in range(len(self._shards)):
                while number not in self._done:
                    self._step()
                yield self._done.pop(number)
        finally:
            for worker in self._busy:  # only where the round was broken off
                worker.stop()

    def _step(self) -> None:
        """Hand out what waits, then hear from one worker or more."""
        while self._error is None and self._waiting and len(self._busy) < self._most:
            worker = self._idle.pop() if self._idle else _Worker(self._context, self._threads)
            number = self._waiting.popleft()
            self._busy[worker] = number
            with suppress(OSError):  # it died while idle: heard of below
                worker.line.send((self._fn, self._shards[number]))
        if not self._busy and self._error is not None:
            raise self._error
        ready = wait([worker.line for worker in self._busy])
        for worker in [each for each in self._busy if each.line in ready]:
            self._hear(worker)

    def _hear(self, worker: _Worker) -> None:
        number = self._busy.pop(worker)
        try:
            is_well, result = worker.line.recv()
        except (EOFError, OSError):
            worker.stop()
            self._lost(number, worker.process.exitcode)
            return
        self._idle.append(worker)
        if is_well:
            self._done[number] = result
        elif self._error is None:
            self._error = result

    def _lost(self, number: int, code: int | None) -> None:
        self._deaths[number] += 1
        if self._deaths[number] <= self._retries:
            self._waiting.appendleft(number)
        elif self._error is None:
            died = f"killed by signal {-code}" if code and code < 0 else f"exit code {code}"
            self._error = LimitError(
                f"shard {number} of {len(self._shards)} lost its process {self._deaths[number]} "
                f"times ({died}); signal 9 mostly means too little memory: use smaller shards or "
                "fewer workers, and run it again; finished shards are kept"
            )


def _serve(line: Connection) -> None:
    """Work on what comes down the line until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and ends us
    while True:
        try:
            fn, shard = line.recv()
        except (EOFError, OSError):
            return
        try:
            answer: tuple[bool, object] = True, fn(shard)
        except Exception as error:  # whatever it is, the parent raises it
            answer = False, _portable(error)
        with suppress(OSError):
            line.send(answer)


def _portable(error: Exception) -> Exception:
    """Return the error itself where it survives the way, or one that says the same."""
    with suppress(Exception):
        if str(pickle.loads(pickle.dumps(error))) == str(error):
            return error
    return TkError(f"{type(error).__name__}: {error}")


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Set variables for a process that is started in the block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
