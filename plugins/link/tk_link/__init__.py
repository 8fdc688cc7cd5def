"""Record linkage without labels: `link` in Python, ``tk link`` on the command line."""

from tk_link.api import LinkOptions, link

__all__ = ["LinkOptions", "link"]
