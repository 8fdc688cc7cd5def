"""The commands as programs and people call them; what they do is tested beside each module."""

import json

import pytest
from hubs import make_wheel, serving
from typer.testing import CliRunner

from tk import TkError
from tk_hub.cli import app
from tk_hub.repository import Repository


@pytest.fixture
def tk_hub(tmp_path, monkeypatch):
    """Run `tk hub` and return its standard output; nobody is there to answer questions."""
    monkeypatch.setenv("TK_HUB_HOME", str(tmp_path / "home"))

    def run(*words, code=0):
        ended = CliRunner().invoke(app, [str(word) for word in words])
        if isinstance(ended.exception, TkError):
            raise ended.exception
        assert ended.exit_code == code, ended.output
        return ended.stdout

    return run


@pytest.fixture
def added(tk_hub, lab, tmp_path):
    lab.publish(make_wheel(tmp_path))
    fingerprint = Repository(lab.folder, {}).fingerprint
    tk_hub("add", "lab", lab.url, "--fingerprint", fingerprint)
    return tk_hub


def test_adding_and_removing_a_hub(added):
    assert json.loads(added("list", "--json"))[0]["hubs"][0]["hub"] == "lab"
    added("remove", "lab")
    assert json.loads(added("list", "--json"))[0]["hubs"] == []


def test_a_wrong_fingerprint_adds_nothing(tk_hub, lab):
    with pytest.raises(TkError, match="not the one you gave; not added"):
        tk_hub("add", "lab", lab.url, "--fingerprint", "0" * 64)
    with pytest.raises(TkError, match="Nobody can answer here; say --fingerprint"):
        tk_hub("add", "lab", lab.url)
    with pytest.raises(TkError, match="is no address of a hub"):
        tk_hub("add", "lab", "ftp://example.org")
    assert json.loads(tk_hub("list", "--json"))[0]["hubs"] == []


def test_a_hub_that_is_not_sound_is_not_added(tk_hub, lab):
    (lab.folder / "metadata" / "timestamp.json").unlink()
    fingerprint = Repository(lab.folder, {}).fingerprint
    with pytest.raises(TkError, match="a file cannot be fetched"):
        tk_hub("add", "lab", lab.url, "--fingerprint", fingerprint)
    assert json.loads(tk_hub("list", "--json"))[0]["hubs"] == []


def test_search_and_info_for_programs(added):
    (found,) = json.loads(added("search", "ZOO", "says", "--json"))
    assert (found["name"], found["hub"]) == ("tk-zoo", "lab")
    assert found["offers"] == {"commands": ["zoo"]}
    assert json.loads(added("search", "lion", "--json")) == []
    (release,) = json.loads(added("info", "tk-zoo", "--json"))
    assert release["permissions"] == []
    assert json.loads(added("search", "--offline", "--json"))[0]["name"] == "tk-zoo"


def test_a_dry_run_for_programs_shows_the_plan_only(added):
    (row,) = json.loads(added("install", "tk-zoo", "--dry-run", "--json"))
    assert (row["name"], row["version"], row["from"]) == ("tk-zoo", "1.0", "hub lab")
    assert json.loads(added("list", "--json"))[0]["plugins"] == []


def test_doctor_says_what_is_wrong_and_exits_with_1(added, lab):
    assert "ok      hub lab" in added("doctor")
    (lab.folder / "metadata" / "timestamp.json").unlink()
    checks = json.loads(added("doctor", "--json", code=1))
    assert [check["status"] for check in checks] == ["failed"]


def test_doctor_without_hubs(tk_hub):
    assert "tk hub add NAME URL" in tk_hub("doctor")


def test_an_owner_works_over_http_as_over_a_folder(tk_hub, tmp_path):
    out = tk_hub("init", tmp_path / "hub", "--keys", tmp_path / "keys")
    fingerprint = out.split()[1]
    tk_hub("publish", tmp_path / "hub", make_wheel(tmp_path), "--keys", tmp_path / "keys")
    with serving(tmp_path / "hub") as url:
        tk_hub("add", "lab", url, "--fingerprint", fingerprint)
        tk_hub("yank", tmp_path / "hub", "tk-zoo", "1.0", "--keys", tmp_path / "keys")
        tk_hub("renew", tmp_path / "hub", "--keys", tmp_path / "keys")
        new = ["--new-keys", tmp_path / "new", "--keys", tmp_path / "keys"]
        tk_hub("rotate-key", tmp_path / "hub", "timestamp", *new)
        (found,) = json.loads(tk_hub("search", "--json"))
    assert found["yanked"] == "withdrawn by its author"


def test_models_of_a_folder(tk_hub, tmp_path):
    assert json.loads(tk_hub("models", "--folder", tmp_path, "--json")) == []
