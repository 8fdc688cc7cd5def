"""From words (a file, a command line, an old record) to a task, a model and a configuration.

Names and types are checked before anything heavy is imported.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tk.arguments import accepts, check_arguments, check_names
from tk.catalogue import Catalogue
from tk.checkpoints.loading import load_checkpoint
from tk.entries import Entry, Kind
from tk.errors import InputError, UsageError
from tk.models import build, find_variant
from tk.training.config import FitConfig
from tk.training.options import configured

if TYPE_CHECKING:
    from torch import nn

    from tk.protocols import Task

Tables = Mapping[str, Mapping[str, Any]]
"""Options of the task, the model and the training, under ``task``, ``model`` and ``fit``."""

TABLES = ("task", "model", "fit")


@dataclass(frozen=True)
class Plan:
    """What will be trained.

    Attributes:
        task: The task, made.
        model: Name of the model; its options are `options`.
        options: Arguments of the model, the task's own among them.
        config: How it is trained.
    """

    task: Task[FitConfig, Any]
    model: str
    options: Mapping[str, Any]
    config: FitConfig = field(kw_only=True)

    def build(
        self, catalogue: Catalogue, *, checkpoint: str = "", fresh: Collection[str] = ()
    ) -> nn.Module:
        """Build the model with weights from the configuration's seed, or from a checkpoint."""
        import torch  # noqa: PLC0415 - stays off the start-up path

        torch.manual_seed(self.config.seed)
        if checkpoint:
            return load_checkpoint(checkpoint, fresh=fresh, **self.options)
        return build(find_variant(catalogue, self.model), self.options)


def make_plan(catalogue: Catalogue, name: str, tables: Tables) -> Plan:
    """Check all options against what takes them and make the task.

    Raises:
        NotFoundError: There is no such task, model or option; the nearest is suggested.
        UsageError: An option has a wrong value, or one is missing.
    """
    check_names("the configuration", tables, TABLES)
    config = configured(FitConfig, tables.get("fit", {}), what="fit")
    entry = catalogue.find(Kind.TASK, name)
    task = make_task(entry, tables.get("task", {}))
    own = dict(tables.get("model", {}))
    model = own.pop("name", None) or entry.meta.get("model")
    if not isinstance(model, str):
        raise UsageError(
            f"task {entry.full_name!r} has no model of its own; say --model (tk models)"
        )
    target = find_variant(catalogue, model).entry.load()
    implied = task.model_options() if hasattr(task, "model_options") else {}
    options = {key: value for key, value in implied.items() if accepts(target, key)} | own
    return Plan(task, model, options, config=config)


def make_task(entry: Entry, options: Mapping[str, Any]) -> Task[FitConfig, Any]:
    """Make the task with options that are checked first."""
    target = entry.load()
    check_arguments(f"task {entry.full_name!r}", target, options)
    task: Task[FitConfig, Any] = target(**options)
    return task


def recorded_tables(record: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the options that a run was begun with, so that resuming it needs no repetition."""
    if not record:
        return {}
    model, task = record["model"], record["task"]
    name = {"name": model["architecture"]} if model.get("architecture") else {}
    own = {**name, **model["options"]}
    return {"task": dict(task["options"]), "model": own, "fit": dict(record["config"])}


def read_tables(path: Path) -> dict[str, dict[str, Any]]:
    """Read a configuration file with the tables ``[task]``, ``[model]`` and ``[fit]``.

    Raises:
        InputError: It cannot be read or is no TOML.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as e:
        raise InputError(f"{path} cannot be read: {e}") from e
    for name, table in data.items():
        if not isinstance(table, dict):
            raise InputError(f"{path}: {name} stands in no table; put it under [fit] or [task]")
    return data


def parse_settings(words: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Read ``task.noise=0.3``: a table, an option, and a value as TOML has it, or plain text.

    Raises:
        UsageError: A word has another form.
    """
    tables: dict[str, dict[str, Any]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        table, dot, option = name.strip().partition(".")
        if not (equals and dot and option):
            raise UsageError(f"--set {word!r} must look like task.option=value (or model., fit.)")
        tables.setdefault(table, {})[option] = _value(text.strip())
    return tables


def merged(*several: Tables) -> dict[str, dict[str, Any]]:
    """Lay tables over each other; the later wins, option by option."""
    result: dict[str, dict[str, Any]] = {}
    for tables in several:
        for name, table in tables.items():
            result[name] = {**result.get(name, {}), **table}
    return result


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
