"""No path leaves the folder that the wheel is unpacked into, and none stands there twice."""

import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from tk_hub.checks.subject import Known
from tk_hub.wheel import Wheel


def check(wheel: Wheel, known: Known) -> Iterator[str]:
    """Refuse absolute paths, ``..``, backslashes, drive letters, links and repeated names."""
    for info in wheel.infos:
        # orig_filename: zipfile cuts at a NUL and turns the system's separator into a slash.
        name = info.orig_filename
        is_outside = name.startswith("/") or ".." in PurePosixPath(name).parts
        if is_outside or set(name) & set('\\:\0*?"<>|') or not name.isprintable():
            yield f"path {name!r} leads outside the wheel or cannot be written everywhere"
        if stat.S_ISLNK(info.external_attr >> 16):
            yield f"{name!r} is a link; put the file there"
    counts = Counter(info.filename.casefold() for info in wheel.infos)
    for name, count in counts.items():
        if count > 1:
            yield f"{name!r} is in the wheel {count} times"
