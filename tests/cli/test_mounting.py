import pytest

ZOO = """
api = 1
summary = "Animals"
[commands.feed]
target = "tk_zoo.cli:feed"
help = "Feed the [brave] animals."
example = "tk feed lion"
[commands.cage]
target = "tk_zoo.cli:cage"
help = "Lock and unlock."
"""
CLI = '''
from typing import Annotated
import typer

def feed(animal: str, meals: Annotated[int, typer.Option("--meals", help="How many.")] = 1):
    """Feed them well.

    Args:
        animal: Not for the help page.
    """
    print(f"{animal} eats {meals}")

cage = typer.Typer()

@cage.command()
def lock(): print("locked")

@cage.command()
def unlock(): print("unlocked")
'''


@pytest.fixture
def zoo(make_plugin):
    return make_plugin("zoo", ZOO, init="", cli=CLI)


def test_help_shows_manifest_lines_and_imports_no_plugin(run_tk, make_plugin):
    zoo = make_plugin("zoo", ZOO)  # raises when it is imported
    ended = run_tk("--help", plugins=[zoo])
    assert ended.code == 0
    assert "Feed the [brave] animals." in ended.out


def test_the_named_command_is_mounted_and_runs(run_tk, zoo):
    assert run_tk("feed", "lion", "--meals", "2", plugins=[zoo]).out == "lion eats 2\n"
    assert run_tk("zoo/feed", "lion", plugins=[zoo]).out == "lion eats 1\n"


def test_a_typer_app_becomes_a_group(run_tk, zoo):
    assert run_tk("cage", "unlock", plugins=[zoo]).out == "unlocked\n"


def test_the_help_of_a_command_has_its_docstring_and_example(run_tk, zoo):
    out = run_tk("feed", "--help", plugins=[zoo]).out
    assert "Feed them well." in out
    assert "How many." in out
    assert "Example: tk feed lion" in out
    assert "Not for the help page" not in out


def test_only_the_named_plugin_is_imported(run_tk, zoo, make_plugin):
    other = make_plugin("park", "api = 1\n[commands.walk]\ntarget = 'tk_park.cli:walk'")
    assert run_tk("feed", "lion", plugins=[zoo, other]).code == 0


def test_a_target_that_is_no_command_is_a_plugin_error(run_tk, make_plugin):
    ended = run_tk("feed", plugins=[make_plugin("zoo", ZOO, init="", cli="feed = 3")])
    assert ended.code == 1
    assert "'tk_zoo.cli:feed' is no usable command: int is neither" in ended.err


def test_a_command_of_two_plugins_runs_by_its_full_name_only(run_tk, zoo, make_plugin):
    park = make_plugin("park", ZOO.replace("tk_zoo", "tk_park"), init="", cli=CLI)
    ended = run_tk("feed", "lion", plugins=[zoo, park])
    assert ended.code == 2
    assert "say 'park/feed' or 'zoo/feed'" in ended.err
    assert run_tk("park/feed", "lion", plugins=[zoo, park]).code == 0
    assert "park/feed" in run_tk("--help", plugins=[zoo, park]).out


def test_a_plugin_cannot_replace_a_command_of_tk_itself(run_tk, make_plugin):
    manifest = "api = 1\n[commands.plugins]\ntarget = 'tk_zoo.cli:run'"
    zoo = make_plugin("zoo", manifest, init="", cli="def run(): print('mine')")
    assert "zoo" in run_tk("plugins", plugins=[zoo]).out
    assert run_tk("zoo/plugins", plugins=[zoo]).out == "mine\n"
    ended = run_tk("doctor", plugins=[zoo])
    assert ended.code == 1
    assert "'plugins' is a command of tk itself" in ended.out


def test_a_command_known_only_at_run_time_is_found(run_tk, make_plugin):
    hooks = """
    from tk import Entry, Kind, hookimpl

    @hookimpl
    def tk_commands():
        return [Entry(Kind.COMMAND, "late", "tk_zoo.cli:late", plugin="zoo")]
    """
    zoo = make_plugin("zoo", "api = 1", init="", hooks=hooks, cli="def late(): print('late')")
    assert run_tk("late", plugins=[zoo]).out == "late\n"
