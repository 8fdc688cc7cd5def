"""Record linkage without labels: `link` and `dedupe` in Python, and on the command line of tk."""

from tk_link.api import LinkOptions, link
from tk_link.dedupe.api import DedupeOptions, dedupe
from tk_link.linker import Explanation, Linker

__all__ = ["DedupeOptions", "Explanation", "LinkOptions", "Linker", "dedupe", "link"]
