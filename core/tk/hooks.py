"""The hooks a plugin may answer. The manifest says what a plugin offers; hooks say how.

Most plugins need none: the core answers the first eight from ``plugin.toml``. A plugin whose
entries are known only at run time adds a ``hooks.py`` beside its manifest with functions of these
names, marked ``@tk.hookimpl``. That file is imported only when a question cannot be answered from
manifests alone, so ``tk --help`` never runs it.
"""

from collections.abc import Collection, Iterable, Mapping

import pluggy

from tk.entries import Entry, Kind
from tk.health import Check

hookspec = pluggy.HookspecMarker("tk")
hookimpl = pluggy.HookimplMarker("tk")


@hookspec
def tk_commands() -> Iterable[Entry]:
    """List commands of `tk`: typer-style functions, or `typer.Typer` groups."""
    return ()


@hookspec
def tk_encoders() -> Iterable[Entry]:
    """List encoders: callables that return a `tk.protocols.Encoder`."""
    return ()


@hookspec
def tk_models() -> Iterable[Entry]:
    """List models: `torch.nn.Module` classes."""
    return ()


@hookspec
def tk_tasks() -> Iterable[Entry]:
    """List tasks: callables that return a `tk.protocols.Task`."""
    return ()


@hookspec
def tk_backends() -> Iterable[Entry]:
    """List index backends: callables that return a `tk.protocols.IndexBackend`."""
    return ()


@hookspec
def tk_datasets() -> Iterable[Entry]:
    """List data sets: callables that return one."""
    return ()


@hookspec
def tk_metrics() -> Iterable[Entry]:
    """List metrics: functions from predictions and references to a number."""
    return ()


@hookspec
def tk_executors() -> Iterable[Entry]:
    """List executors: callables that take ``workers`` and return a `tk.protocols.Executor`."""
    return ()


@hookspec(firstresult=True)
def tk_resolve(kind: Kind, name: str) -> Entry | None:
    """Turn a foreign name (``hf:org/model``) into an entry, or answer None."""
    return None


@hookspec(firstresult=True)
def tk_detect(keys: Collection[str], config: Mapping[str, object]) -> str | None:
    """Name the model that a checkpoint belongs to, or answer None.

    Args:
        keys: The checkpoint's tensor names.
        config: The checkpoint's ``config.json``; empty where there is none.
    """
    return None


@hookspec
def tk_doctor() -> Iterable[Check]:
    """Run cheap health checks: milliseconds, no network."""
    return ()
