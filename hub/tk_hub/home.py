"""Which hubs the user trusts, and what was last seen of them."""

import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from tk import InputError, NotFoundError, UsageError
from tk_hub.files import read_json, write, write_json


@dataclass(frozen=True)
class Hub:
    """A hub that the user added.

    Attributes:
        name: What the user calls it.
        url: Of the hub's folder: ``https://…``, ``http://…``, ``file://…``.
        fingerprint: SHA-256 of the root that the user trusts.
    """

    name: str
    url: str
    fingerprint: str


class Home:
    """The user's hubs, in order of trust: of one name in two hubs, the first hub's counts."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which need not exist."""
        self.folder = folder
        self._file = folder / "hubs.json"

    @classmethod
    def of_user(cls) -> "Home":
        """Return the user's own: ``$TK_HUB_HOME``, or ``tk/hub`` under ``$XDG_DATA_HOME``."""
        data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
        return cls(Path(os.environ.get("TK_HUB_HOME") or Path(data) / "tk" / "hub"))

    @property
    def wheels(self) -> Path:
        """Where downloaded wheels are kept for ``--offline`` and `tk hub verify`."""
        return self.folder / "wheels"

    @property
    def others(self) -> Path:
        """Where wheels are kept that are no plugins: their dependencies."""
        return self.wheels / "others"

    def hubs(self) -> list[Hub]:
        """List the hubs, most trusted first."""
        return [Hub(**fields) for fields in read_json(self._file).get("hubs", [])]

    def hub(self, name: str) -> Hub:
        """Return the hub called `name`.

        Raises:
            NotFoundError: There is none.
        """
        hubs = {hub.name: hub for hub in self.hubs()}
        if name not in hubs:
            raise NotFoundError("hub", name, hubs, where="tk hub list")
        return hubs[name]

    def root(self, hub: Hub) -> Path:
        """Return where the trusted root of `hub` is kept."""
        return self.state(hub) / "trusted.json"

    def state(self, hub: Hub) -> Path:
        """Return where what was seen of `hub` is kept; another root begins anew."""
        return self.folder / "seen" / f"{hub.name}-{hub.fingerprint[:16]}"

    def add(self, hub: Hub, root: bytes) -> None:
        """Trust `hub` after all others.

        Raises:
            InputError: The name cannot be a folder's.
            UsageError: There is a hub of that name or address.
        """
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", hub.name):
            raise InputError(f"hub name {hub.name!r} must be of a-z, 0-9 and hyphens")
        hubs = self.hubs()
        for old in hubs:
            if hub.name == old.name or hub.url == old.url:
                raise UsageError(f"{old.url} is there as {old.name!r} (tk hub remove {old.name})")
        write(self.root(hub), root)
        self._save([*hubs, hub])

    def remove(self, name: str) -> None:
        """Trust `name` no longer. What was seen of it stays, so that coming back is no rollback.

        Raises:
            NotFoundError: There is none.
        """
        gone = self.hub(name)
        self._save([hub for hub in self.hubs() if hub != gone])

    def _save(self, hubs: list[Hub]) -> None:
        write_json(self._file, {"hubs": [asdict(hub) for hub in hubs]})
