"""What the work over shards took, in lines that a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from tk_link.summary import line


class Worked(Protocol):
    """The result of a run over shards."""

    @property
    def begun(self) -> int:
        """Pieces of work that this run did."""

    @property
    def reused(self) -> int:
        """Pieces of work that an earlier run had finished."""

    @property
    def cpu_seconds(self) -> Mapping[str, float]:
        """Processor seconds of every stage."""

    @property
    def bytes(self) -> Mapping[str, int]:
        """Bytes that every stage wrote."""


def work_lines(found: Worked, *, verbose: bool) -> Iterator[str]:
    """Yield the pieces of work and their processor time; `verbose` tells each stage apart."""
    done = f"{found.begun:,} pieces of work done, {found.reused:,} found done"
    yield line("work", f"{done}; {sum(found.cpu_seconds.values()):,.0f} processor seconds in all")
    if verbose:
        for stage, seconds in found.cpu_seconds.items():
            yield line("", f"{stage:<16}{seconds:>10.1f} s{found.bytes[stage] / 1e6:>12,.1f} MB")
