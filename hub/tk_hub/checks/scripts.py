"""No console script that shadows another program."""

from collections.abc import Iterator

from tk_hub.checks.subject import Known
from tk_hub.wheel import Wheel


def check(wheel: Wheel, known: Known) -> Iterator[str]:
    """Allow scripts called like the plugin: its name is unique, so theirs are."""
    for group in ("console_scripts", "gui_scripts"):
        for script in wheel.entry_points.get(group, {}):
            if script != wheel.name and not script.startswith(f"{wheel.name}-"):
                yield f"script {script!r} may shadow another; call it {wheel.name!r}"
