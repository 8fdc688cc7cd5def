"""Install and upgrade, in the order that keeps the environment whole.

refresh and verify → choose → download and verify → check the wheel → plan with pip → refuse or
confirm → download the rest → unpack beside the environment → load in a subprocess → move in.
Only the last step touches the environment, and it is undone if it does not end.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.version import Version

from tk import InputError, NotFoundError, discover
from tk.discovery import OWN_DISTRIBUTION
from tk_hub.checks import Known, inspect
from tk_hub.choosing import Choice, choose, choose_all
from tk_hub.environment import Environment
from tk_hub.files import write_json
from tk_hub.home import Home
from tk_hub.journal import Change
from tk_hub.lockfile import check_shadows, files_of, lock_after
from tk_hub.names import check_name, package_of
from tk_hub.pip import download, unpack
from tk_hub.planning import Plan, make_plan
from tk_hub.trial import try_plugins
from tk_hub.trust import OpenHub, open_hub

Want = Callable[[Sequence[OpenHub]], Sequence[Requirement]]


@dataclass(frozen=True)
class Setting:
    """Where and how to install.

    Attributes:
        environment: What is changed.
        home: The hubs that are trusted.
        is_offline: Use no network.
        allowed: Names of installed distributions that may change.
        confirm: Is shown the plan and says whether to go on.
        report: Is told each step before it is taken.
    """

    environment: Environment
    home: Home
    is_offline: bool = False
    allowed: Collection[str] = ()
    confirm: Callable[[Plan], bool] = lambda plan: True
    report: Callable[[str], None] = field(default=lambda step: None)

    @property
    def change(self) -> Change:
        """The change under way in the environment."""
        return Change(self.environment.prefix, self.environment.state)


def recover(environment: Environment) -> bool:
    """Undo an installation that was cut off; tell whether there was one."""
    if not environment.state.is_dir():
        return False
    with environment.exclusive():
        return Change(environment.prefix, environment.state).recover()


def open_hubs(home: Home, *, is_offline: bool) -> list[OpenHub]:
    """Open every hub. One that fails stops all: its names must not fall to a later hub.

    Raises:
        InputError: There is none, or one is refused.
    """
    hubs = home.hubs()
    if not hubs:
        raise InputError("no hub is known yet (tk hub add NAME URL)")
    return [open_hub(home, hub, is_offline=is_offline) for hub in hubs]


def install(wanted: Sequence[Requirement], setting: Setting) -> Plan:
    """Install plugins and what they need; what is there as wanted is left alone.

    Raises:
        TkError: Anything is wrong; the environment is then as it was.
    """
    return _install(lambda hubs: wanted, setting)


def upgrade(names: Sequence[str], setting: Setting) -> Plan:
    """Install newer releases of these plugins, or of all, each from its own hub.

    Raises:
        NotFoundError: A name was not installed from a hub.
        TkError: Anything else is wrong; the environment is then as it was.
    """

    def newer(hubs: Sequence[OpenHub]) -> list[Requirement]:
        locked = setting.environment.locked()["plugins"]
        bound = {name: entry["hub"] for name, entry in locked.items()}
        found = []
        for name in map(check_name, names or locked):
            if name not in locked:
                raise NotFoundError("plugin", name, locked, where="tk hub list")
            release = choose(Requirement(name), hubs, bound=bound).release
            if release.order > Version(locked[name]["version"]):
                found.append(Requirement(f"{name}=={release.version}"))
        return found

    return _install(newer, setting)


def _install(want: Want, setting: Setting) -> Plan:
    environment, home, is_offline = setting.environment, setting.home, setting.is_offline
    with environment.exclusive():
        setting.change.recover()
        setting.report("refreshing the hubs")
        hubs = open_hubs(home, is_offline=is_offline)
        setting.report("choosing versions")
        wanted = want(hubs)
        choices = _choose(wanted, hubs, environment)
        if not choices:
            return Plan({}, [], {})
        setting.report("downloading the plugins")
        for choice in choices:
            inspect(choice.hub.fetch(choice.release), Known(reserved=reserved_names()))
        setting.report("planning with pip")
        plan = make_plan(environment, home, choices, allowed=setting.allowed, is_offline=is_offline)
        if plan.items and setting.confirm(plan):
            _carry_out(plan, {check_name(requirement.name) for requirement in wanted}, setting)
    return plan


def _choose(
    wanted: Sequence[Requirement], hubs: Sequence[OpenHub], environment: Environment
) -> list[Choice]:
    """Choose, and leave out what is installed just so."""
    locked = environment.locked()["plugins"]
    present = {name: found.version for name, found in environment.installed().items()}
    bound = {name: entry["hub"] for name, entry in locked.items()}
    choices = choose_all(wanted, hubs, bound=bound, present=present)
    return [
        choice
        for choice in choices
        if choice.extras
        or choice.release.name not in present
        or locked.get(choice.release.name, {}).get("sha256") != choice.release.sha256
    ]


def reserved_names() -> list[str]:
    """Return the names that a plugin of the toolkit itself would have on a hub."""
    manifests = discover().manifests.values()
    own = [m.plugin for m in manifests if m.source.distribution == OWN_DISTRIBUTION]
    return [f"tk-{name}" for name in own]


def _carry_out(plan: Plan, asked: Collection[str], setting: Setting) -> None:
    environment, change = setting.environment, setting.change
    change.begin()
    try:
        setting.report("downloading what they need")
        own = [plan.choices[item.name] for item in plan.items if item.name in plan.choices]
        foreign = [item for item in plan.items if item.name not in plan.choices]
        wheels = {choice.hub.fetch(choice.release): choice.release.sha256 for choice in own}
        wheels |= download(environment, foreign, setting.home.others)
        setting.report("unpacking beside the environment")
        unpack(environment, wheels, change.staging)
        setting.report("loading the plugins")
        packages = change.staging / environment.packages.relative_to(environment.prefix)
        check_shadows(environment, packages)
        names = [choice.release.name for choice in own]
        try_plugins(environment, packages, {n.removeprefix("tk-"): package_of(n) for n in names})
        installed = environment.installed()
        gone = [file for name in plan.present for file in files_of(environment, installed[name])]
        lock = environment.lock_file.relative_to(environment.prefix)
        write_json(change.staging / lock, lock_after(plan, asked, environment.locked()))
        change.commit([*gone, str(lock)], setting.report)
    except BaseException:  # also Ctrl-C: whatever ends it, the environment is as it was
        change.recover()
        raise
