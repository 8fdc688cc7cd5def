"""The top-level command group: built-in commands, and the plugins' by name."""

from typing import cast

import typer
from typer.core import TyperCommand, TyperGroup

from tk import Catalogue, Entry, Kind, NotFoundError, TkError
from tk_cli.mounting import mount, outline

Command = TyperCommand | TyperGroup


class PluginGroup(TyperGroup):
    """List every command from manifests; import only the one that is resolved."""

    # Typer hands commands its own Context, and makes only its own kinds of command.
    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Name the plugins' commands, then the built-in ones."""
        return [*self._plugin_commands(ctx), *self.commands]

    def get_command(  # type: ignore[override]
        self, ctx: typer.Context, cmd_name: str
    ) -> Command | None:
        """Return a built-in command, or the outline of a plugin's."""
        entry = self._plugin_commands(ctx).get(cmd_name)
        return outline(entry, cmd_name) if entry else self._own.get(cmd_name)

    def resolve_command(  # type: ignore[override]
        self, ctx: typer.Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """Find the command that `args` begin with, importing the plugin's code if it is one."""
        name, *rest = args
        if name in self._own:
            return name, self._own[name], rest
        try:
            entry = ctx.ensure_object(Catalogue).find(Kind.COMMAND, name)
            return name, mount(entry, name), rest
        except TkError as e:
            if ctx.resilient_parsing:  # completion offers nothing, and says nothing
                return None, None, rest
            if isinstance(e, NotFoundError):
                names = [*self._own, *e.options]
                raise NotFoundError(e.kind, name, names, where="tk --help") from e
            raise

    @property
    def _own(self) -> dict[str, Command]:
        return cast("dict[str, Command]", self.commands)

    def _plugin_commands(self, ctx: typer.Context) -> dict[str, Entry]:
        """Map what to type to each declared command: the short name where nothing else has it."""
        entries = ctx.ensure_object(Catalogue).declared(Kind.COMMAND)
        names = [*self._own, *(entry.name for entry in entries)]
        return {e.name if names.count(e.name) == 1 else e.full_name: e for e in entries}
