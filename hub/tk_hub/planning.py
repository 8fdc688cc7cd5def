"""What an install would change, and what it may not."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from tk import UsageError
from tk_hub.choosing import Choice
from tk_hub.environment import Environment
from tk_hub.home import Home
from tk_hub.names import is_plugin
from tk_hub.pip import Item, resolve


@dataclass(frozen=True)
class Plan:
    """What would be installed.

    Attributes:
        choices: The plugins, by name.
        items: The plugins and what they need, as pip resolved it.
        present: Versions of what is there under the same names.
    """

    choices: Mapping[str, Choice]
    items: Sequence[Item]
    present: Mapping[str, str]

    def rows(self) -> list[dict[str, str]]:
        """Describe each item for the user."""
        return [
            {
                "name": item.name,
                "version": item.version,
                "replaces": self.present.get(item.name, ""),
                "from": self._origin(item),
                "permissions": self._permissions(item),
                "sha256": item.sha256,
            }
            for item in self.items
        ]

    def _origin(self, item: Item) -> str:
        choice = self.choices.get(item.name)
        return f"hub {choice.hub.hub.name}" if choice else item.url.rpartition("/")[0]

    def _permissions(self, item: Item) -> str:
        choice = self.choices.get(item.name)
        if choice is None:
            return ""
        return ", ".join(choice.release.permissions) or "none asked for"


def make_plan(
    environment: Environment,
    home: Home,
    choices: Sequence[Choice],
    *,
    allowed: Collection[str],
    is_offline: bool,
) -> Plan:
    """Let pip resolve the chosen wheels, and refuse what would change something else.

    Args:
        environment: Where they would be installed.
        home: Where their wheels are.
        choices: Fetched and checked.
        allowed: Names of installed distributions that may change.
        is_offline: Use no network.

    Raises:
        UsageError: The plan touches something that is installed and was not asked for.
        InputError: The dependencies cannot be met.
    """
    by_name = {choice.release.name: choice for choice in choices}
    wheels = [_path(choice) for choice in choices]
    items = resolve(environment, wheels, links=home.others, is_offline=is_offline)
    installed = environment.installed()
    present = {i.name: installed[i.name].version for i in items if i.name in installed}
    permitted = {*map(canonicalize_name, allowed), *_asked(environment, by_name)}
    for item in items:
        if item.name not in by_name and is_plugin(item.name):
            raise UsageError(f"{item.name!r} would come from {item.url}; plugins come from hubs")
        if item.name in present and item.name not in permitted:
            change = f"{item.name} {present[item.name]} by {item.version}"
            raise UsageError(
                f"the plan would replace {change}; refused (--allow-change {item.name})"
            )
    return Plan(by_name, items, present)


def _asked(environment: Environment, choices: Mapping[str, Choice]) -> set[str]:
    """Name the plugins that came from the same hub before; a stranger's namesake stays."""
    locked = environment.locked()["plugins"]
    return {n for n, c in choices.items() if locked.get(n, {}).get("hub") == c.hub.hub.name}


def _path(choice: Choice) -> str:
    extras = f"[{','.join(sorted(choice.extras))}]" if choice.extras else ""
    return f"{choice.hub.wheels / choice.release.sha256 / choice.release.file}{extras}"
