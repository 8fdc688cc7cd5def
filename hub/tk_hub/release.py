"""One published wheel as the signed index describes it, and the index of a hub."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from tk import InputError
from tk_hub.names import is_plugin

FORMAT = 1
INDEX = "index.json"
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Release:
    """A wheel that a hub offers.

    Attributes:
        name: The plugin's, normalised.
        version: The wheel's.
        file: The wheel's file name.
        sha256: Of the wheel.
        length: Of the wheel, in bytes.
        api: Version of the contract with the core.
        python: The range of Python versions, as in ``Requires-Python``.
        requires: What pip must bring with it, as in ``Requires-Dist``.
        summary: One line.
        licence: SPDX expression, or what the author wrote.
        source: Where the code can be read.
        permissions: What the author says that the plugin does beyond computing.
        offers: Names of what it brings, by kind: ``{"commands": ["hello"]}``.
        published: The day, ISO.
        yanked: Why nobody should install it; empty where all is well.
    """

    name: str
    version: str
    file: str
    sha256: str
    length: int
    api: int
    python: str
    requires: Sequence[str]
    summary: str
    licence: str
    source: str
    permissions: Sequence[str]
    offers: Mapping[str, Sequence[str]] = field(hash=False)
    published: str = ""
    yanked: str = ""

    def __post_init__(self) -> None:
        """Refuse what no honest publisher writes: the index may come from a careless one.

        Raises:
            InputError: A field does not hold what it should.
        """
        try:
            name, version, _, _ = parse_wheel_filename(self.file)
            SpecifierSet(self.python)
        except (InvalidWheelFilename, InvalidSpecifier) as e:
            raise InputError(f"the index lists {self.file!r}, which is refused: {e}") from e
        is_sound = (
            (str(name), str(version)) == (self.name, self.version)
            and is_plugin(self.name)
            and not re.search(r"[/\\]", self.file)
            and _HASH.fullmatch(self.sha256)
            and type(self.length) is int
            and type(self.api) is int
            and all(text.isprintable() for text in _texts(list(asdict(self).values())))
        )
        if not is_sound:
            raise InputError(f"the index describes {self.file!r} wrongly; it is refused")

    @property
    def order(self) -> Version:
        """What versions are compared by."""
        return Version(self.version)

    @property
    def target(self) -> str:
        """Where the wheel lies under the hub's ``targets/``."""
        return f"wheels/{self.sha256}/{self.file}"


class Index:
    """The releases of a hub. Entries are checked when they are looked at, so opening is quick."""

    def __init__(self, plugins: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Take the releases' fields by plugin's name."""
        self._plugins = dict(plugins)

    def __iter__(self) -> Iterator[str]:
        """Yield the plugins' names."""
        return iter(self._plugins)

    def __len__(self) -> int:
        """Count the plugins."""
        return len(self._plugins)

    def releases(self, name: str) -> list[Release]:
        """List the releases of `name`, newest first.

        Raises:
            InputError: One of them is described wrongly.
        """
        try:
            found = [Release(**fields) for fields in self._plugins.get(name, ())]
        except TypeError as e:
            raise InputError(f"the index describes {name!r} wrongly: {e}") from e
        if any(release.name != name for release in found):
            raise InputError(f"the index lists another plugin's wheel under {name!r}")
        return sorted(found, key=lambda release: release.order, reverse=True)

    def search(self, words: str) -> list[Release]:
        """List, of each plugin that mentions all of `words`, the newest release not yanked."""
        wanted = words.lower().split()
        found = []
        for name, releases in sorted(self._plugins.items()):
            text = _text(releases)
            if all(word in text for word in wanted):
                found += sorted(self.releases(name), key=lambda release: bool(release.yanked))[:1]
        return found

    def replace(self, name: str, releases: Sequence[Release]) -> "Index":
        """Return an index with these `releases` of `name`."""
        fields = [asdict(release) for release in releases]
        return Index({**self._plugins, name: fields})

    def to_bytes(self) -> bytes:
        """Write the index as JSON."""
        data = {"format": FORMAT, "plugins": self._plugins}
        return json.dumps(data, ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Index":
        """Read what `to_bytes` wrote.

        Raises:
            InputError: It is something else.
        """
        try:
            read = json.loads(data)
            if read["format"] != FORMAT:
                raise InputError(f"the index has format {read['format']!r}; update transformer-tk")
            return cls(read["plugins"])
        except (ValueError, KeyError, TypeError) as e:
            raise InputError(f"the index cannot be read: {e!r}") from e


def _texts(value: object) -> Iterator[str]:
    """Yield every text in nested fields; a terminal obeys some that cannot be printed."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _text(releases: Sequence[Mapping[str, Any]]) -> str:
    return " ".join(f"{r['name']} {r['summary']} {r['offers']}" for r in releases[:1]).lower()
