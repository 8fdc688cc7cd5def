"""A PEP 503 and PEP 691 index beside the signed one, for mirrors and tools that know only pip.

It carries hashes but no signatures: `tk hub` never reads it.
"""

import json
from html import escape
from pathlib import Path

from tk_hub.files import write
from tk_hub.release import Index, Release

JSON = "application/vnd.pypi.simple.v1+json"
_PAGE = '<!DOCTYPE html>\n<html><head><meta name="pypi:repository-version" content="1.0"></head>'


def write_simple(folder: Path, index: Index, *, names: list[str]) -> None:
    """Write the list of plugins, and the pages of `names`."""
    simple = folder / "simple"
    projects = {"meta": {"api-version": "1.0"}, "projects": [{"name": n} for n in sorted(index)]}
    links = "".join(f'<a href="{name}/">{name}</a>\n' for name in sorted(index))
    _write(simple, links, projects)
    for name in names:
        releases = index.releases(name)
        files = {
            "meta": {"api-version": "1.0"},
            "name": name,
            "files": [_file(release) for release in releases],
        }
        _write(simple / name, "".join(map(_link, releases)), files)


def _write(folder: Path, links: str, data: object) -> None:
    write(folder / "index.html", f"{_PAGE}<body>\n{links}</body></html>\n".encode())
    write(folder / "index.json", json.dumps(data).encode())


def _file(release: Release) -> dict[str, object]:
    return {
        "filename": release.file,
        "url": f"../../targets/{release.target}",
        "hashes": {"sha256": release.sha256},
        "requires-python": release.python,
        "size": release.length,
        "yanked": release.yanked or False,
    }


def _link(release: Release) -> str:
    yanked = f' data-yanked="{escape(release.yanked)}"' if release.yanked else ""
    return (
        f'<a href="../../targets/{release.target}#sha256={release.sha256}"'
        f' data-requires-python="{escape(release.python)}"{yanked}>{release.file}</a><br>\n'
    )
