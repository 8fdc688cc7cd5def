"""Find the plugins that are installed, without importing any of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

GROUP = "tk.plugins"
OWN_DISTRIBUTION = "transformer-tk"


@dataclass(frozen=True)
class Source:
    """A plugin that some installed distribution declares.

    Attributes:
        name: The plugin's name, from its entry point.
        package: The import package that holds ``plugin.toml``.
        distribution: What pip calls it; empty where it is not known.
        version: The distribution's version; empty where it is not known.
    """

    name: str
    package: str
    distribution: str = ""
    version: str = ""


def installed() -> list[Source]:
    """List the declared plugins by name; of two with one name, the toolkit's own comes first."""
    return ordered(_source(point) for point in entry_points(group=GROUP))


def ordered(sources: Iterable[Source]) -> list[Source]:
    """Sort so that the order never depends on how pip laid out the environment."""
    return sorted(
        set(sources), key=lambda s: (s.name, s.distribution != OWN_DISTRIBUTION, s.package)
    )


def distribution_of(plugin: str) -> tuple[str, str]:
    """Return what pip calls the distribution that declares `plugin`, and its version."""
    for source in installed():
        if source.name == plugin and source.distribution:
            return source.distribution, source.version
    return plugin, "(not installed)"


def _source(point: EntryPoint) -> Source:
    package = point.value.partition(":")[0].strip()
    if point.dist is None:
        return Source(point.name, package)
    return Source(point.name, package, point.dist.name, point.dist.version)
