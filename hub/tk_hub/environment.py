"""The environment that plugins are installed into: the one that runs this `tk`."""

import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from packaging.utils import canonicalize_name

from tk import TkError, UsageError
from tk_hub.files import read_json


@dataclass(frozen=True)
class Environment:
    """An environment's places.

    Attributes:
        python: Its interpreter.
        prefix: Its folder.
        packages: Its ``site-packages``.
        search: Where its interpreter looks for packages.
    """

    python: Path
    prefix: Path
    packages: Path
    search: tuple[str, ...] = field(repr=False)

    @classmethod
    def current(cls) -> "Environment":
        """Return the one that this interpreter runs in.

        Raises:
            UsageError: The operating system manages it.
        """
        marker = Path(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
        if sys.prefix == sys.base_prefix and marker.exists():
            raise UsageError(f"{sys.prefix} is the system's; install tk into a venv of its own")
        packages = Path(sysconfig.get_path("purelib"))
        return cls(Path(sys.executable), Path(sys.prefix), packages, tuple(sys.path))

    @property
    def state(self) -> Path:
        """Where the lock file and an install under way are kept."""
        return self.prefix / "tk-hub"

    @property
    def lock_file(self) -> Path:
        """What was installed from where."""
        return self.state / "lock.json"

    def locked(self) -> dict[str, Any]:
        """Read the lock file: ``plugins`` by name, each with its hub, version and hash."""
        return {"plugins": {}, "packages": {}, **read_json(self.lock_file)}

    def installed(self) -> dict[str, Distribution]:
        """Return every installed distribution by normalised name; the first found counts."""
        found: dict[str, Distribution] = {}
        for distribution in distributions(path=list(self.search)):
            found.setdefault(canonicalize_name(distribution.name), distribution)
        return found

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Let no second installation run in this environment.

        Raises:
            TkError: One is running.
        """
        lock = FileLock(self.state / "busy")
        try:
            self.state.mkdir(exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout as e:
            raise TkError(f"another tk hub is changing {self.prefix}; wait until it ends") from e
        except OSError as e:
            raise UsageError(f"{self.prefix} cannot be written: {e.strerror}") from e
        try:
            yield
        finally:
            lock.release()
