"""Run every check on a wheel."""

from pathlib import Path

from tk import InputError
from tk_hub.checks import (
    contents,
    identity,
    licence,
    manifest,
    naming,
    paths,
    ranges,
    record,
    scripts,
    startup,
)
from tk_hub.checks.subject import Check, Known
from tk_hub.wheel import Wheel, open_wheel

CHECKS: tuple[Check, ...] = (
    paths.check,
    contents.check,
    startup.check,
    record.check,
    identity.check,
    naming.check,
    manifest.check,
    ranges.check,
    licence.check,
    scripts.check,
)


def inspect(path: Path, known: Known) -> Wheel:
    """Open the wheel at `path` and check it.

    Raises:
        InputError: It is no wheel, or checks fail; the message lists all faults.
    """
    wheel = open_wheel(path)
    faults = [fault for check in CHECKS for fault in check(wheel, known)]
    if faults:
        raise InputError(f"{path.name} is refused:\n" + "\n".join(f"  - {f}" for f in faults))
    return wheel
