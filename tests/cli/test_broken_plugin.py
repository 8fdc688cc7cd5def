import json
from pathlib import Path

import pytest

from tk import Source

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin-broken"
ZOO = "api = 1\nsummary = 'Animals'\n[commands.feed]\ntarget = 'tk_zoo.cli:feed'\nhelp = 'Feed.'"


@pytest.fixture
def plugins(make_plugin, monkeypatch):
    """One sound plugin among the four of the broken example."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    packages = ("tk_broken", "tk_broken_toml", "tk_broken_api", "tk_broken_absent")
    broken = [Source(p.removeprefix("tk_").replace("_", "-"), p) for p in packages]
    zoo = make_plugin("zoo", ZOO, init="", cli="def feed(): print('fed')")
    return [*broken, zoo]


def test_the_help_shows_the_sound_plugin_among_broken_ones(run_tk, plugins):
    ended = run_tk("--help", plugins=plugins)
    assert (ended.code, ended.err) == (0, "")
    assert "Feed." in ended.out


def test_the_sound_command_runs(run_tk, plugins):
    ended = run_tk("feed", plugins=plugins)
    assert (ended.code, ended.out, ended.err) == (0, "fed\n", "")


def test_listings_stay_whole(run_tk, plugins):
    ended = run_tk("models", "--json", plugins=plugins)
    assert (ended.code, json.loads(ended.out)) == (0, [])


def test_the_broken_command_fails_alone_and_says_why(run_tk, plugins):
    ended = run_tk("broken", plugins=plugins)
    assert ended.code == 1
    assert "plugin 'broken'" in ended.err
    assert "tk_broken was imported" in ended.err


def test_doctor_names_every_fault(run_tk, plugins):
    ended = run_tk("doctor", "--json", plugins=plugins)
    report = json.loads(ended.out)
    faults = "\n".join(
        f"{check['name']}: {check['message']}"
        for check in report["checks"]
        if check["status"] == "failed"
    )
    assert (ended.code, report["ok"]) == (1, False)
    for fault in (
        "plugin broken-absent: package 'tk_broken_absent' is not installed",
        "plugin broken-api: api is 999",
        "plugin-broken/tk_broken_toml/plugin.toml is not valid TOML",
        "plugin broken: [commands.Shout]: the name must match",
        "plugin broken: [models.nothing]: target must be",
        "plugin broken: manifest key 'modles' not found; did you mean 'models'?",
        "plugin broken: hooks.py failed: RuntimeError",
        "command broken/broken: plugin 'broken'",
    ):
        assert fault in faults
