"""Run the `tk` command and turn every way it can end into a documented exit code."""

import errno
import os
import shlex
import sys
import traceback
from collections.abc import Sequence
from itertools import takewhile

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from tk import OutputError, TkError, discover
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
        code = _run(words.copy())  # the parser eats what it is given
        if sys.stdout is not None:  # it is None where the caller closed it (``tk … >&-``)
            sys.stdout.flush()  # a closed pipe must show here, not while Python shuts down
    except (Exception, KeyboardInterrupt, SystemExit) as e:
        if _is_closed_pipe(e):  # the reader has gone, with what it wanted: ``tk models | head -1``
            _silence_stdout()
            return 0
        if isinstance(e, SystemExit):
            raise
        if "--debug" in takewhile(lambda word: word.startswith("-"), words):
            traceback.print_exc()
        code, message = _explain(e, words)
        if message:
            typer.echo(message, err=True)
    return code


def _run(words: list[str]) -> int:
    """Parse and run; every failure comes out as an exception."""
    command = get_command(build())
    catalogue = discover()
    if _COMPLETE in os.environ:
        command.main(words, prog_name="tk", complete_var=_COMPLETE, obj=catalogue)
    # Not command.main(): it turns interruption and closed pipes into codes of its own.
    try:
        with command.make_context("tk", words, obj=catalogue) as ctx:
            command.invoke(ctx)
    except typer.Exit as e:
        return e.exit_code
    return 0


def _explain(error: BaseException, words: list[str]) -> tuple[int, str]:
    """Return the exit code for `error` and what to say on stderr."""
    match error:
        case KeyboardInterrupt() | typer.Abort():
            return EXIT_INTERRUPTED, "interrupted"
        case TkError():
            return error.exit_code, f"error: {error.message}"
        case TyperException():
            return error.exit_code, _usage_message(error)
        case OSError(errno=errno.ENOSPC):
            _silence_stdout()
            return OutputError.exit_code, f"error: cannot write: {error.strerror}"
    again = shlex.join(["tk", "--debug", *words])
    message = f"error: unexpected {type(error).__name__}: {error}\nfor the traceback: {again}"
    return TkError.exit_code, message


def _is_closed_pipe(error: BaseException) -> bool:
    """Recognise a closed pipe, also where rich has turned it into SystemExit."""
    return isinstance(error, BrokenPipeError) or (
        isinstance(error, SystemExit) and isinstance(error.__context__, BrokenPipeError)
    )


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
    """Send nowhere what is still buffered, so that Python does not try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
