"""Tell from tensor names which architecture a checkpoint belongs to.

A manifest gives each model a signature, ``detect = ["inner_pos|pixel_pos", "blocks.*.mlp.*"]``:
every pattern must match some tensor name; ``a|b`` matches either, ``!a`` demands that none matches.
So forty architectures are told apart without importing one of them.
"""

from collections.abc import Collection, Iterable
from fnmatch import filter as matching

from tk.entries import Entry
from tk.errors import UsageError


def by_signature(entries: Iterable[Entry], keys: Collection[str]) -> Entry | None:
    """Return the entry whose signature fits `keys`; of several, the one with most patterns.

    Raises:
        UsageError: Two signatures fit equally well.
    """
    fitting = [entry for entry in entries if _fits(signature(entry), keys)]
    if not fitting:
        return None
    most = max(len(signature(entry)) for entry in fitting)
    best = [entry for entry in fitting if len(signature(entry)) == most]
    if len(best) > 1:
        choices = " or ".join(f"architecture={entry.full_name!r}" for entry in best)
        raise UsageError(f"the checkpoint fits several architectures; say {choices}")
    return best[0]


def signature(entry: Entry) -> tuple[str, ...]:
    """Return the patterns by which a manifest says its model is recognised."""
    patterns = entry.meta.get("detect", ())
    return (patterns,) if isinstance(patterns, str) else tuple(patterns)


def _fits(patterns: tuple[str, ...], keys: Collection[str]) -> bool:
    return bool(patterns) and all(_holds(pattern, keys) for pattern in patterns)


def _holds(pattern: str, keys: Collection[str]) -> bool:
    wanted = pattern.removeprefix("!")
    is_there = any(matching(keys, option) for option in wanted.split("|"))
    return is_there is not pattern.startswith("!")
