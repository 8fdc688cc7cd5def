"""Make click commands from catalogue entries: a line for listings, or the real thing.

Only the command that runs (or whose options are completed) is imported; the others show the line
that their manifest gives.
"""

import re

import typer
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from tk import Entry, PluginError

# Google-style sections are for readers of the code, not of the help page.
_SECTIONS = re.compile(r"^\s*(Args|Attributes|Raises|Returns|Yields):\s*$", re.MULTILINE)


def outline(entry: Entry, name: str) -> TyperCommand:
    """Make a command that only knows its help line; imports nothing of the plugin."""
    return TyperCommand(name=name, help=escape(entry.summary))


def mount(entry: Entry, name: str) -> TyperCommand | TyperGroup:
    """Import the entry's target and make its command.

    Args:
        entry: A command: a function annotated for typer, or a `typer.Typer` (becomes a group).
        name: What the user typed: the short name or the full one.

    Raises:
        PluginError: The target cannot be imported or is neither.
        MissingExtraError: It needs a library that is not installed.
    """
    target = entry.load()
    try:
        command = get_command(_app(target, entry, name))
    except Exception as e:  # typer refuses annotations in many ways
        message = f"plugin {entry.plugin!r}: {entry.target!r} is no usable command: {e}"
        raise PluginError(message) from e
    assert isinstance(command, TyperCommand | TyperGroup)  # typer makes no others
    command.name = name
    command.epilog = command.epilog or example(entry)
    return command


def example(entry: Entry) -> str | None:
    """Return the help page's last line: the manifest's example."""
    text = entry.meta.get("example")
    return f"Example: [bold]{escape(text)}[/bold]" if isinstance(text, str) else None


def _app(target: object, entry: Entry, name: str) -> typer.Typer:
    if isinstance(target, typer.Typer):
        target.info.name = name
        target._add_completion = False
        return target
    if not callable(target):
        raise TypeError(f"{type(target).__name__} is neither a function nor a typer.Typer")
    doc = _SECTIONS.split(target.__doc__ or "")[0].strip()
    app = typer.Typer(add_completion=False)
    app.command(name, help=doc or escape(entry.summary))(target)
    return app
