"""Whoever installs a plugin may know under which terms, and read its code."""

from collections.abc import Iterator

from tk_hub.checks.subject import Known
from tk_hub.wheel import Wheel, source_of


def check(wheel: Wheel, known: Known) -> Iterator[str]:
    """Ask for a licence and for the source's address."""
    metadata = wheel.metadata
    if not (metadata.get("license_expression") or metadata.get("license")):
        yield 'the licence is missing (like license = "Apache-2.0")'
    if not source_of(metadata).startswith(("https://", "http://")):
        yield 'the source\'s address is missing (like [project.urls] Source = "https://…")'
