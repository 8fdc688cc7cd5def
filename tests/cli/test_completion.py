import os
import subprocess
import sys

import pytest


def complete(words: str, *, extra_path: str = "") -> list[str]:
    """Ask for completions the way the shell's script does; the last word is completed."""
    code = "import sys; from tk_cli.main import main; sys.exit(main())"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [extra_path, os.environ.get("PYTHONPATH")])),
        "_TK_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.split()


@pytest.fixture
def zoo(make_plugin, tmp_path):
    """Install a plugin the way pip records it: an entry point in a dist-info folder."""
    manifest = "api = 1\n[commands.feed]\ntarget = 'tk_zoo.cli:feed'\nhelp = 'Feed.'"
    cli = """
    from typing import Annotated, Literal
    import typer

    def feed(food: Annotated[Literal["hay", "honey", "meat"], typer.Option("--food")] = "hay"):
        pass
    """
    make_plugin("zoo", manifest, init="", cli=cli)
    make_plugin("bad", "api = 1\n[commands.fail]\ntarget = 'tk_bad.cli:fail'")
    record = tmp_path / "zoo-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text("[tk.plugins]\nzoo = tk_zoo\nbad = tk_bad\n")
    return str(tmp_path)


def test_built_in_and_plugin_commands_are_completed(zoo):
    assert complete("tk ", extra_path=zoo)[-9:] == [
        *("train", "evaluate"),
        *("plugins", "models", "tasks", "encoders", "backends", "datasets", "doctor"),
    ]
    assert complete("tk fe", extra_path=zoo) == ["feed"]


def test_options_of_a_built_in_command_are_completed():
    assert complete("tk models --t") == ["--task"]


def test_options_of_a_plugin_command_and_their_values_are_completed(zoo):
    assert complete("tk feed --fo", extra_path=zoo) == ["--food"]
    assert complete("tk feed --food h", extra_path=zoo) == ["hay", "honey"]


@pytest.mark.parametrize("words", ["tk fail --x", "tk unknown --x"])
def test_broken_and_unknown_commands_complete_to_nothing_quietly(zoo, words):
    assert complete(words, extra_path=zoo) == []


def test_the_script_for_bash_is_printed():
    code = "import sys; from tk_cli.main import main; sys.exit(main())"
    environment = {**os.environ, "_TK_COMPLETE": "source_bash"}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert "complete -o default -F _tk_completion tk" in ended.stdout
