"""Decide which wheel an install means: which hub the name belongs to, and which version fits."""

import platform
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag, sys_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from tk import API, InputError, NotFoundError, UsageError
from tk_hub.names import CORE, check_name, is_plugin, lookalikes
from tk_hub.release import Release
from tk_hub.trust import OpenHub


@dataclass(frozen=True)
class Choice:
    """What was chosen for a requirement.

    Attributes:
        hub: Where it comes from.
        release: The wheel.
        extras: Extras that were asked for.
    """

    hub: OpenHub
    release: Release
    extras: frozenset[str] = frozenset()


def owner(name: str, hubs: Sequence[OpenHub], *, bound: str = "") -> OpenHub:
    """Return the hub of `name`: the one it was installed from, or else the first that has it.

    Args:
        name: Normalised.
        hubs: Most trusted first.
        bound: The hub that it was installed from.

    Raises:
        NotFoundError: No hub has it.
        InputError: It can be mistaken for another plugin of that hub or of one more trusted.
    """
    if bound:
        hubs = [hub for hub in hubs if hub.hub.name == bound]
    for count, hub in enumerate(hubs, start=1):
        if name in hub.index:
            seen = {other for earlier in hubs[:count] for other in earlier.index}
            near = lookalikes(name, seen)
            if near:
                others = ", ".join(map(repr, near))
                raise InputError(f"{name!r} is easily mistaken for {others}; it is refused")
            return hub
    names = {other for hub in hubs for other in hub.index}
    raise NotFoundError("plugin", name, names, where="tk hub search")


def choose(wanted: Requirement, hubs: Sequence[OpenHub], *, bound: Mapping[str, str]) -> Choice:
    """Return the newest release that `wanted` allows and that works here.

    Raises:
        InputError: None does; the message says why for each.
        NotFoundError: No hub has the name.
    """
    name = check_name(wanted.name)
    hub = owner(name, hubs, bound=bound.get(name, ""))
    reasons = []
    releases = hub.index.releases(name)
    allowed = [r for r in releases if wanted.specifier.contains(r.order, prereleases=True)]
    has_final = any(not release.order.is_prerelease for release in allowed)
    for release in allowed:
        if release.order.is_prerelease and has_final and not wanted.specifier.prereleases:
            continue
        reason = obstacle(release)
        if not reason:
            return Choice(hub, release, frozenset(wanted.extras))
        reasons.append(f"{release.version} {reason}")
    if not allowed:
        versions = [release.version for release in releases]
        raise NotFoundError(f"version of {name}", str(wanted.specifier), versions)
    raise InputError(f"no release of {name!r} fits: {'; '.join(reasons)}")


def choose_all(
    wanted: Sequence[Requirement],
    hubs: Sequence[OpenHub],
    *,
    bound: Mapping[str, str],
    present: Mapping[str, str],
) -> list[Choice]:
    """Choose what was asked for and the plugins that it needs in turn.

    Args:
        wanted: What the user asked for.
        hubs: Most trusted first.
        bound: Where installed plugins came from.
        present: Versions of what is installed.

    Raises:
        InputError: Something does not fit.
    """
    chosen: dict[str, Choice] = {}
    queue = list(wanted)
    while queue:
        requirement = queue.pop(0)
        name = canonicalize_name(requirement.name)
        if name not in chosen:
            chosen[name] = choose(requirement, hubs, bound=bound)
            needs = _plugins_needed(chosen[name])
            queue += [r for r in needs if not _is_present(r, present)]
        elif not requirement.specifier.contains(chosen[name].release.order, prereleases=True):
            found = chosen[name].release.version
            raise InputError(f"{requirement} is needed, but {name} {found} was chosen")
    return list(chosen.values())


def obstacle(release: Release) -> str:
    """Say why `release` cannot be installed here; nothing where it can."""
    if release.yanked:
        return f"is yanked: {release.yanked}"
    if release.api not in (API, API - 1):
        return f"is for plugin api {release.api}, this tk speaks {API}"
    if platform.python_version() not in SpecifierSet(release.python, prereleases=True):
        return f"needs Python {release.python}"
    if not tags_here() & parse_wheel_filename(release.file)[3]:
        return "is built for another system"
    core = next((r for r in requirements(release) if canonicalize_name(r.name) == CORE), None)
    if core and not core.specifier.contains(version(CORE), prereleases=True):
        return f"needs {core}, this is {version(CORE)}"
    return ""


def requirements(release: Release, extras: Collection[str] = ()) -> Iterator[Requirement]:
    """Yield what `release` needs here.

    Raises:
        InputError: The index lists something that is no requirement.
    """
    for line in release.requires:
        requirement = parse(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": e}) for e in {"", *extras}):
            yield requirement


def parse(text: str) -> Requirement:
    """Read ``tk-name``, ``tk-name==1.0``, ``tk-name[extra]>=2``.

    Raises:
        UsageError: It is none, or names an address.
    """
    try:
        requirement = Requirement(text)
    except InvalidRequirement as e:
        raise UsageError(f"{text!r} is no name and version (like tk-hello==0.1.0)") from e
    if requirement.url:
        raise UsageError(f"{text!r} names an address; plugins come from hubs")
    return requirement


@lru_cache(maxsize=1)
def tags_here() -> frozenset[Tag]:
    """Return the wheel tags that this interpreter accepts."""
    return frozenset(sys_tags())


def _plugins_needed(choice: Choice) -> list[Requirement]:
    needed = requirements(choice.release, choice.extras)
    return [r for r in needed if is_plugin(canonicalize_name(r.name))]


def _is_present(requirement: Requirement, present: Mapping[str, str]) -> bool:
    found = present.get(canonicalize_name(requirement.name))
    return found is not None and requirement.specifier.contains(found, prereleases=True)
