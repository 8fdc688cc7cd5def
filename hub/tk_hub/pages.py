"""The pages that people and other tools read; written from the signed index at each publication."""

import json
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

from tk_hub.files import write
from tk_hub.release import Index
from tk_hub.simple import write_simple

_STATIC = ("index.html", "catalogue.css", "catalogue.js")


def write_pages(folder: Path, index: Index, *, changed: str = "") -> None:
    """Write the catalogue page and ``simple/``.

    Args:
        folder: Of the hub.
        index: What is published.
        changed: The one plugin that is new since the last time; all are written without it.
    """
    for name in _STATIC:
        write(folder / name, (files("tk_hub") / "page" / name).read_bytes())
    releases = {name: [asdict(r) for r in index.releases(name)] for name in sorted(index)}
    # A script, not JSON: pages opened from a folder (file://) may load the one and not the other.
    data = json.dumps(releases, ensure_ascii=True).replace("<", "\\u003c")
    write(folder / "data.js", f"const PLUGINS = {data};\n".encode())
    write_simple(folder, index, names=[changed] if changed else list(index))
