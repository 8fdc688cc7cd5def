"""The systems that can be measured and the command that runs each."""

import sys
from collections.abc import Sequence
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
# Name: script and its options. All run in the peers' environment.
DEDUPE_SCRIPTS: dict[str, tuple[str, ...]] = {
    "splink": ("splink_dedupe.py",),
    "string_grouper": ("grouper_groups.py",),
}
PEER_SCRIPTS: dict[str, tuple[str, ...]] = {
    "splink": ("splink_em.py",),
    "splink-1:1": ("splink_em.py", "--one-to-one"),
    "string_grouper": ("grouper.py",),
    "tfidf": ("tfidf.py",),
    "tfidf-any": ("tfidf.py", "--any"),
    "recordlinkage": ("ecm.py",),
}
NAMES = ("tk", *PEER_SCRIPTS)


def command(name: str, tables: Sequence[Path], out: Path, *, peer_python: str) -> list[str]:
    """Return the command that searches one table, or links two, and writes pairs to `out`.

    `tk` is run as a user runs it, without options; it stands beside this Python.
    """
    given = [str(table) for table in tables]
    if name == "tk":
        tk = str(Path(sys.executable).with_name("tk"))
        if len(given) == 1:
            whole = str(out.with_name("clusters.csv"))
            return [tk, "dedupe", *given, "-o", whole, "--pairs", str(out)]
        return [tk, "link", *given, "--pairs", "-o", str(out)]
    script, *options = (PEER_SCRIPTS if len(given) == 2 else DEDUPE_SCRIPTS)[name]
    return [peer_python, str(PEERS / script), *given, str(out), *options]


def does(name: str, *, tables: int) -> bool:
    """Tell whether system `name` has a command for so many tables."""
    return name == "tk" or name in (PEER_SCRIPTS if tables == 2 else DEDUPE_SCRIPTS)
