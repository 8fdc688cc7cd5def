"""What a plugin offers: one `Entry` per thing, described before anything of it is imported."""

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tk.errors import MissingExtraError, PluginError, TkError

NAME = re.compile(r"[a-z0-9-]+")
TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class Kind(StrEnum):
    """The kinds of thing a plugin can offer."""

    COMMAND = "command"
    ENCODER = "encoder"
    MODEL = "model"
    TASK = "task"
    BACKEND = "backend"
    DATASET = "dataset"
    METRIC = "metric"
    EXECUTOR = "executor"

    @property
    def section(self) -> str:
        """The manifest's table and, for most kinds, the listing command: ``models``."""
        return f"{self.value}s"

    @property
    def hook(self) -> str:
        """The hook that lists entries of this kind: ``tk_models``."""
        return f"tk_{self.section}"


@dataclass(frozen=True)
class Entry:
    """One thing that a plugin offers. Making an entry imports nothing.

    Attributes:
        kind: What sort of thing it is.
        name: Short name, ``[a-z0-9-]+``; free-form for what `tk_resolve` made (``hf:org/model``).
        target: Where it lives, ``module:attribute``.
        summary: One line for listings.
        plugin: Name of the plugin that offers it.
        meta: The manifest's other keys (``example``, ``task``, ``variants``, ``paper``, …).
    """

    kind: Kind
    name: str
    target: str
    summary: str = ""
    plugin: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def full_name(self) -> str:
        """The name that is unique among all plugins: ``plugin/name``."""
        return f"{self.plugin}/{self.name}" if self.plugin else self.name

    def load(self) -> Any:  # noqa: ANN401 - a plugin may offer any kind of object
        """Import the target and return it.

        Raises:
            MissingExtraError: A library that the plugin lists as an extra is not installed.
            PluginError: Anything else that goes wrong; names the plugin, its version and the fix.
        """
        module_name, _, attribute = self.target.partition(":")
        try:
            found: Any = importlib.import_module(module_name)
            for part in attribute.split("."):
                found = getattr(found, part)
        except TkError:
            raise
        except (Exception, SystemExit) as e:  # a stranger's code: it may raise anything
            raise self._failure(module_name, e) from e
        return found

    def _failure(self, module: str, cause: BaseException) -> TkError:
        """Turn what went wrong while loading into the error that helps most."""
        # Only failures pay for the metadata scan, so it stays off the start-up path.
        from tk.discovery import distribution_of  # noqa: PLC0415

        distribution, version = distribution_of(self.plugin)
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            extras = self.meta.get("extras", ())
            is_foreign = cause.name.partition(".")[0] != module.partition(".")[0]
            if is_foreign and extras:
                what = f"{self.kind} {self.full_name!r} ({cause.name} is missing)"
                return MissingExtraError(what, ",".join(extras), distribution=distribution)
        return PluginError(
            f"plugin {self.plugin!r} {version} cannot load {self.kind} {self.name!r} "
            f"from {self.target!r}: {type(cause).__name__}: {cause}; "
            f"update or remove it (pip install -U {distribution})"
        )
