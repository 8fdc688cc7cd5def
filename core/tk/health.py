"""What `tk doctor` reports: problems that plugins have, and checks that plugins offer."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Problem:
    """Something wrong with one plugin that was kept from hurting the others.

    Attributes:
        plugin: Name of the plugin as its entry point gives it.
        message: What is wrong, with which value.
        fix: What the user or the plugin's author can do.
    """

    plugin: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        text = f"plugin {self.plugin!r}: {self.message}"
        return f"{text}; {self.fix}" if self.fix else text


@dataclass(frozen=True)
class Check:
    """The outcome of one cheap health check.

    Attributes:
        name: What was looked at (``python``, ``gpu``).
        status: ``warning`` leaves something unusable that the user may not need.
        message: What was found.
        fix: What to do where the status is not ``ok``.
    """

    name: str
    status: Literal["ok", "warning", "failed"]
    message: str
    fix: str = ""
