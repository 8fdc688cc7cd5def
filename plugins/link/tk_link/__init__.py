"""Record linkage without labels: `link` in Python, ``tk link`` on the command line."""

from tk_link.api import LinkOptions, link
from tk_link.linker import Explanation, Linker

__all__ = ["Explanation", "LinkOptions", "Linker", "link"]
