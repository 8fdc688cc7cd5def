"""Record linkage without labels: `link` and `dedupe` in Python, and on the command line of tk."""

from tk_link.api import LinkOptions, link
from tk_link.auditing.api import audit, sample_pairs
from tk_link.dedupe.api import DedupeOptions, dedupe
from tk_link.evaluation.api import Evaluation, evaluate
from tk_link.linker import Explanation, Linker
from tk_link.lookup.api import Lookup

__all__ = [
    "DedupeOptions",
    "Evaluation",
    "Explanation",
    "LinkOptions",
    "Linker",
    "Lookup",
    "audit",
    "dedupe",
    "evaluate",
    "link",
    "sample_pairs",
]
