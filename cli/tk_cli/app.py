"""The `tk` command line: global options and the built-in commands."""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from tk_cli import listings
from tk_cli.doctor import doctor
from tk_cli.group import PluginGroup
from tk_cli.training import evaluate, train

_EXIT_CODES = (
    "Exit codes: 0 done, 1 unexpected, 2 usage, 3 bad input, 4 missing optional part, "
    "5 quality gate not met, 6 stopped by a limit, 130 interrupted."
)
_BUILT_IN: dict[str, dict[Callable[..., None], str]] = {
    "Models": {
        train: "tk train shapes --output run --epochs 20",
        evaluate: "tk evaluate shapes run",
    },
    "About this tk": {
        listings.plugins: "tk plugins",
        listings.models: 'tk models "restoration/*"',
        listings.tasks: "tk tasks",
        listings.encoders: "tk encoders --json",
        listings.backends: "tk backends",
        listings.datasets: "tk datasets",
        doctor: "tk doctor",
    },
}


def build() -> typer.Typer:
    """Make the application; plugin commands are found when it runs."""
    app = typer.Typer(
        cls=PluginGroup,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=f"Example: [bold]tk link left.csv right.csv[/bold]\n\n{_EXIT_CODES}",
    )
    app.callback()(_start)
    for panel, commands in _BUILT_IN.items():
        for command, example in commands.items():
            epilog = f"Example: [bold]{example}[/bold]"
            app.command(epilog=epilog, rich_help_panel=panel)(command)
    return app


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"tk {_version()}")
        raise typer.Exit


def _version() -> str:
    try:
        return version("transformer-tk")
    except PackageNotFoundError:
        return "(not installed)"


def _start(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help="Print the version and exit."
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="On an error, print the traceback.")
    ] = False,
) -> None:
    """Published transformer systems as plain commands; each plugin adds its own."""
