"""Work on a Ray cluster, or on Ray's own processes on this machine; the extra ``ray`` brings it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from tk.errors import LimitError, MissingExtraError, TkError, UsageError

Shard = TypeVar("Shard")
Result = TypeVar("Result")

_AHEAD = 4
"""Shards handed to Ray for each processor, so that none waits for us and none is forgotten."""


class RayExecutor:
    """Ray's workers. ``RAY_ADDRESS`` names a running cluster; without it one starts here.

    What shards read and write must be seen under one path by every node.
    """

    def __init__(self, workers: int | None = None, *, retries: int = 2) -> None:
        """Connect to Ray.

        Args:
            workers: Processors to use of a Ray that is started here; None takes all.
            retries: How often a shard whose process or node died is tried again.

        Raises:
            MissingExtraError: Ray is not installed.
            UsageError: There would be no worker.
        """
        if workers is not None and workers < 1:
            raise UsageError(f"workers is {workers}; it must be 1 or more")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else it warns
        try:
            import ray  # noqa: PLC0415 - an extra, imported where it is used
        except ImportError as error:
            raise MissingExtraError("executor 'ray'", "ray") from error
        self._ray: Any = ray  # its types differ by release, and it may be absent where we check
        self.retries = retries
        if not self._ray.is_initialized():
            is_here = "RAY_ADDRESS" not in os.environ
            self._ray.init(
                num_cpus=workers if is_here else None,
                include_dashboard=False if is_here else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        self.workers = workers or int(self._ray.cluster_resources().get("CPU", 1))

    def map(
        self, fn: Callable[[Shard], Result], shards: Iterable[Shard], *, gpus: float = 0
    ) -> Iterator[Result]:
        """Yield ``fn(shard)`` for every shard, in order.

        Raises:
            LimitError: A shard's process or node died each time.
        """
        ray = self._ray
        remote = ray.remote(max_retries=self.retries, num_gpus=gpus)(fn_of(fn))
        waiting = list(shards)
        ahead = _AHEAD * self.workers
        sent = [remote.remote(shard) for shard in waiting[:ahead]]
        try:
            for number in range(len(waiting)):
                result = self._result(sent[number], number, len(waiting))
                if len(sent) < len(waiting):
                    sent.append(remote.remote(waiting[len(sent)]))
                sent[number] = None
                yield result
        finally:
            for left in sent:
                if left is not None:
                    with suppress(Exception):  # a stopped Ray has nothing left to cancel
                        ray.cancel(left)

    def _result(self, sent: object, number: int, count: int) -> Any:  # noqa: ANN401 - as `fn` gave it
        exceptions = self._ray.exceptions
        try:
            return self._ray.get(sent)
        except exceptions.RayTaskError as error:
            if isinstance(error.cause, TkError):
                raise error.cause from None
            raise
        except exceptions.RayError as error:
            raise LimitError(
                f"shard {number} of {count} was lost {self.retries + 1} times "
                f"({type(error).__name__}); use smaller shards, and run it again; finished shards "
                "are kept"
            ) from error


def fn_of(fn: Callable[[Shard], Result]) -> Callable[[Shard], Result]:
    """Return `fn` as a plain function: `ray.remote` takes no partial."""

    def call(shard: Shard) -> Result:
        return fn(shard)

    return call
