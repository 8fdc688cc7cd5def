"""``RECORD`` lists every file with its true hash."""

import base64
import csv
import hashlib
from collections.abc import Iterator

from tk_hub.checks.subject import Known
from tk_hub.wheel import Wheel


def check(wheel: Wheel, known: Known) -> Iterator[str]:
    """Hash every file and compare."""
    name = "-".join(wheel.path.name.split("-")[:2]) + ".dist-info/RECORD"
    if name not in wheel.files:
        yield "the wheel has no RECORD"
        return
    rows = csv.reader(wheel.read(name).decode("utf-8").splitlines())
    listed = {row[0]: row[1] for row in rows if len(row) > 1}
    if listed.keys() != set(wheel.files):
        odd = sorted(listed.keys() ^ set(wheel.files))
        yield f"RECORD and the files differ: {', '.join(odd[:5])}"
        return
    for file, wanted in listed.items():
        if file != name and wanted != digest(wheel.read(file)):
            yield f"{file} is not what RECORD says"


def digest(data: bytes) -> str:
    """Hash `data` the way ``RECORD`` writes it."""
    value = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return f"sha256={value.rstrip(b'=').decode()}"
