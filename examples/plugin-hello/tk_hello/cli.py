"""`tk hello`."""

from typing import Annotated

import typer

from tk import InputError


def hello(
    name: Annotated[str, typer.Argument(help="Who is greeted.")],
    times: Annotated[int, typer.Option("--times", min=1, help="How often.")] = 1,
) -> None:
    """Greet somebody.

    Raises:
        InputError: The name is empty.
    """
    if not name.strip():
        raise InputError("the name is empty; give one letter or more")
    for _ in range(times):
        typer.echo(f"Hello, {name}!")
