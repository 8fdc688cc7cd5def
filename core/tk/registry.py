"""The one pluggy registry, kept so that a broken plugin is reported and hurts no other.

Each manifest becomes a small pluggy plugin that answers the listing hooks. A plugin's own
``hooks.py`` joins it at the first question, and every plugin is asked on its own.
"""

import importlib
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any, TypeVar

import pluggy

from tk import hooks
from tk.discovery import Source, ordered
from tk.entries import Kind
from tk.errors import PluginError
from tk.health import Problem
from tk.manifest import Manifest, read_manifest

T = TypeVar("T")


class Registry:
    """The plugins in use and what is wrong with them.

    Attributes:
        manifests: The usable plugins, by name.
    """

    def __init__(self, sources: Iterable[Source], *, strict: bool) -> None:
        """Read the manifests of `sources`; with `strict`, raise at the first problem."""
        self.manifests: dict[str, Manifest] = {}
        self._strict = strict
        self._problems: dict[Problem, None] = {}  # an ordered set
        self._has_hooks = False
        self._manager = pluggy.PluginManager("tk")
        self._manager.add_hookspecs(hooks)
        for source in ordered(sources):
            self._add_manifest(source)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What has gone wrong so far."""
        return tuple(self._problems)

    def report(self, problem: Problem) -> None:
        """Keep `problem` for `tk doctor`.

        Raises:
            PluginError: The registry is strict.
        """
        if self._strict:
            raise PluginError(str(problem))
        self._problems[problem] = None

    def ask(
        self, hook: str, read: Callable[[Any], T], **arguments: object
    ) -> Iterator[tuple[str, T]]:
        """Yield each plugin's name and its answer to `hook`.

        Args:
            hook: Name of the hook.
            read: Check and convert what pluggy returns; runs inside the guard.
            **arguments: The hook's arguments.
        """
        self._add_hooks()
        plugins = self._manager.get_plugins()
        for name, plugin in self._manager.list_name_plugin():
            alone = self._manager.subset_hook_caller(hook, plugins - {plugin})
            owner = name.partition(":")[0]
            try:
                answer = read(alone(**arguments))
            except (Exception, SystemExit) as e:  # a stranger's code: it may raise anything
                self.report(Problem(owner, f"{hook} failed: {type(e).__name__}: {e}"))
            else:
                yield owner, answer

    def _add_manifest(self, source: Source) -> None:
        if source.name in self.manifests:
            kept = self.manifests[source.name].source.package
            message = f"the name is taken by package {kept!r}; {source.package!r} is left out"
            self.report(Problem(source.name, message, "uninstall one of the two"))
            return
        try:
            manifest = read_manifest(source)
        except PluginError as e:
            self.report(Problem(source.name, e.message))
            return
        self.manifests[source.name] = manifest
        self._manager.register(_listing(manifest), name=source.name)
        for problem in manifest.problems:
            self.report(problem)

    def _add_hooks(self) -> None:
        """Import the plugins' own ``hooks.py``, once, where there are any."""
        if self._has_hooks:
            return
        self._has_hooks = True
        for name, manifest in self.manifests.items():
            if (manifest.folder / "hooks.py").is_file():
                self._add_own_hooks(name, f"{manifest.source.package}.hooks")

    def _add_own_hooks(self, plugin: str, module: str) -> None:
        name = f"{plugin}:hooks"
        try:
            self._manager.register(importlib.import_module(module), name=name)
            self._manager.check_pending()
        except (Exception, SystemExit) as e:  # a stranger's code: it may raise anything
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)
            self.report(Problem(plugin, f"hooks.py failed: {type(e).__name__}: {e}"))


def _listing(manifest: Manifest) -> ModuleType:
    """Make the pluggy plugin that answers the listing hooks from `manifest`."""
    module = ModuleType(f"{manifest.source.package}:plugin.toml")
    for kind in Kind:
        entries = [entry for entry in manifest.entries if entry.kind is kind]
        setattr(module, kind.hook, hooks.hookimpl(lambda entries=entries: entries))
    return module
