"""Run the `tk` command and turn every way it can end into a documented exit code."""

import os
import shlex
import sys
import traceback
from collections.abc import Sequence
from itertools import takewhile

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from tk import TkError, discover
from tk.errors import EXIT_INTERRUPTED
from tk_cli.app import build

_COMPLETE = "_TK_COMPLETE"


def main(argv: Sequence[str] | None = None) -> int:
    """Run `tk` and return its exit code.

    Args:
        argv: The words after ``tk``; the process's own by default.
    """
    words = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    try:
        _run(words.copy())  # the parser eats what it is given
        sys.stdout.flush()  # a closed pipe must show here, not while Python shuts down
    except typer.Exit as e:
        return e.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return _end(words, "interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:
        _silence_stdout()
    except SystemExit as e:
        if not isinstance(e.__context__, BrokenPipeError):  # rich's way of meeting a closed pipe
            raise
    except TkError as e:
        return _end(words, f"error: {e.message}", e.exit_code)
    except TyperException as e:
        return _end(words, _usage_message(e), e.exit_code)
    except Exception as e:  # the last resort: say what happened and how to learn more
        again = shlex.join(["tk", "--debug", *words])
        message = f"error: unexpected {type(e).__name__}: {e}\nfor the traceback: {again}"
        return _end(words, message, TkError.exit_code)
    return 0


def _run(words: list[str]) -> None:
    """Parse and run; every failure comes out as an exception."""
    command = get_command(build())
    catalogue = discover()
    if _COMPLETE in os.environ:
        command.main(words, prog_name="tk", complete_var=_COMPLETE, obj=catalogue)
    # Not command.main(): it turns interruption and closed pipes into codes of its own.
    with command.make_context("tk", words, obj=catalogue) as ctx:
        command.invoke(ctx)


def _end(words: list[str], message: str, exit_code: int) -> int:
    """Say on stderr why the run ended, with the traceback if ``--debug`` asked for it."""
    if "--debug" in takewhile(lambda word: word.startswith("-"), words):
        traceback.print_exc()
    if message:
        typer.echo(message, err=True)
    return exit_code


def _usage_message(error: TyperException) -> str:
    """Word a parse error like our own; empty where typer has shown the help page instead."""
    near = getattr(error, "possibilities", None)
    message = (error.message if near else error.format_message()).rstrip(".")
    if not message:
        return ""
    message = f"error: {message[0].lower()}{message[1:]}"
    if near:
        message += f"; did you mean {near[0]!r}?"
    context = getattr(error, "ctx", None)
    return f"{message} ({context.command_path} --help)" if context else message


def _silence_stdout() -> None:
    """Send what is still buffered nowhere: the reader has gone (``tk models | head -1``)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
