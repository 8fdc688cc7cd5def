"""The systems that can be measured and the command that runs each."""

import sys
from collections.abc import Sequence
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
# Name: script and its options. All run in the peers' environment.
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
    """Return the command that links two tables with system `name` and writes pairs to `out`.

    `tk` is run as a user runs it, without options; it stands beside this Python.
    """
    left, right = map(str, tables)
    if name == "tk":
        tk = str(Path(sys.executable).with_name("tk"))
        return [tk, "link", left, right, "--pairs", "-o", str(out)]
    script, *options = PEER_SCRIPTS[name]
    return [peer_python, str(PEERS / script), left, right, str(out), *options]
