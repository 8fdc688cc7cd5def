"""What a check looks at besides the wheel: the names that exist already."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from tk_hub.wheel import Wheel


@dataclass(frozen=True)
class Known:
    """The names that a wheel must keep clear of.

    Attributes:
        plugins: The other plugins of the hub.
        reserved: What the toolkit itself calls its parts, as ``tk-…``.
    """

    plugins: Collection[str] = ()
    reserved: Collection[str] = ()


Check = Callable[[Wheel, Known], Iterator[str]]
"""Yields what is wrong, each with its fix; nothing where all is well."""
