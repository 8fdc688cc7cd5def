"""`tk hub doctor`: is every hub sound, and does every name mean one plugin?"""

from collections.abc import Iterator
from importlib.util import find_spec

from tk import Check, TkError
from tk_hub.environment import Environment
from tk_hub.home import Home
from tk_hub.names import lookalikes
from tk_hub.trust import OpenHub, open_hub


def diagnose(environment: Environment, home: Home, *, is_offline: bool) -> list[Check]:
    """Open every hub, and compare hubs, lock file and environment."""
    checks, hubs = [], []
    for hub in home.hubs():
        try:
            opened = open_hub(home, hub, is_offline=is_offline)
        except TkError as e:
            fix = f"tk hub remove {hub.name}, if it is gone for good"
            checks.append(Check(f"hub {hub.name}", "failed", e.message, fix))
        else:
            hubs.append(opened)
            checks.append(
                Check(f"hub {hub.name}", "ok", f"{hub.url}, plugins: {len(opened.index)}")
            )
    if not home.hubs():
        checks.append(Check("hubs", "warning", "no hub is known", "tk hub add NAME URL"))
    if find_spec("pip") is None:
        checks.append(Check("pip", "failed", "not installed", "python -m ensurepip"))
    return [*checks, *_doubles(hubs), *_installed(environment, hubs)]


def _doubles(hubs: list[OpenHub]) -> Iterator[Check]:
    """Find names that two hubs have: the work of chance, or of somebody who wants to be taken."""
    seen: dict[str, str] = {}
    for hub in hubs:
        for name in hub.index:
            if seen.setdefault(name, hub.hub.name) != hub.hub.name:
                message = (
                    f"hubs {seen[name]!r} and {hub.hub.name!r} have it; the first one's counts"
                )
                yield Check(
                    f"name {name}", "warning", message, f"ask the owner of {hub.hub.name!r}"
                )


def _installed(environment: Environment, hubs: list[OpenHub]) -> Iterator[Check]:
    there = environment.installed()
    names = {name for hub in hubs for name in hub.index}
    for name, entry in environment.locked()["plugins"].items():
        found = there.get(name)
        near = lookalikes(name, names)
        if found is None or found.version != entry["version"]:
            message = f"{entry['version']} was installed; somebody else changed that"
            yield Check(name, "failed", message, f"tk hub install {name}")
        elif near:
            message = f"it is easily mistaken for {', '.join(near)}"
            yield Check(name, "warning", message, "look at both: tk hub info")
        else:
            yield Check(name, "ok", f"{found.version} from hub {entry['hub']!r}")
