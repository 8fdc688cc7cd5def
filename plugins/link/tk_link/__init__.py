"""Record linkage without labels: `link` in Python, ``tk link`` on the command line."""

from typing import TYPE_CHECKING

from tk_link.api import LinkOptions, link

if TYPE_CHECKING:
    from tk_link.linker import Linker

__all__ = ["LinkOptions", "Linker", "link"]


def __getattr__(name: str) -> object:
    """Import `Linker` when it is asked for: it brings the whole pipeline."""
    if name == "Linker":
        from tk_link.linker import Linker  # noqa: PLC0415 - off the path of ``tk link --help``

        return Linker
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
