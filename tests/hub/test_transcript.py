"""From nothing to a running plugin and back, in two fresh environments, as docs/hub.md shows."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hubs import make_environment, state_of

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "hub.md"
COMMANDS = """
$ tk hub init lab --keys keys
$ tk hub publish lab plugin-hello --keys keys --no-isolation
$ tk hub serve lab --port 0
$ tk hub add lab URL --fingerprint FINGERPRINT
$ tk hub search greet
$ tk hub info tk-hello
$ tk hub install tk-hello --yes
$ tk hello Ada --times 2
$ tk hub publish lab plugin-hello --keys keys --no-isolation
$ tk hub upgrade --yes
$ tk hub list
$ tk hub verify
$ tk hub doctor
$ tk hub uninstall tk-hello --yes
$ tk hello Ada
"""


def test_the_whole_way_and_the_docs_show_it(tmp_path):
    owner, user = make_environment(tmp_path / "owner"), make_environment(tmp_path / "user")
    before = state_of(user)
    shutil.copytree(ROOT / "examples" / "plugin-hello", tmp_path / "plugin-hello")
    shown, values, server = [], {}, None
    try:
        for line in COMMANDS.strip().splitlines():
            words = [values.get(word, word) for word in line.removeprefix("$ ").split()]
            is_owner = words[2] in ("init", "publish", "serve")
            python = (owner if is_owner else user).python
            if words[2] == "serve":
                server = start(python, words, tmp_path)
                values["URL"] = server.stdout.readline().strip()
                shown.append(f"{line}\nURL")
                continue
            if values.get("published") == line:
                raise_version(tmp_path / "plugin-hello")
            ended = run(python, words, tmp_path)
            if words[2] == "init":
                values["FINGERPRINT"] = re.search("[0-9a-f]{64}", ended)[0]
            if words[2] == "publish":
                values["published"] = line
            shown.append(f"{line}\n{masked(ended, values)}".rstrip())
    finally:
        if server is not None:
            server.terminate()
            server.communicate()
    left = {path: h for path, h in state_of(user).items() if not path.startswith("tk-hub")}
    assert left == before
    transcript = "\n".join(shown)
    if os.environ.get("TK_WRITE_DOCS"):
        write(transcript)
    assert f"```console\n{transcript}\n```" in DOCS.read_text("utf-8")


def command(python, words):
    return [str(python), "-m", "tk_cli", *words[1:]]


def surroundings(folder):
    return {**os.environ, "TK_HUB_HOME": str(folder / "home"), "COLUMNS": "100"}


def start(python, words, folder):
    return subprocess.Popen(
        command(python, words),
        cwd=folder,
        env={**surroundings(folder), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )


def run(python, words, folder):
    ended = subprocess.run(
        command(python, words),
        cwd=folder,
        env=surroundings(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    is_gone = "command 'hello' not found" in ended.stdout
    assert ended.returncode == (2 if is_gone else 0), ended.stdout
    return ended.stdout


def masked(text, values):
    """Put words where every run has other numbers."""
    for name in ("URL", "FINGERPRINT"):
        text = text.replace(values.get(name, "\0"), name)
    text = re.sub(r"\b[0-9a-f]{64}\b", "SHA256", text)
    return re.sub(r"\b\d{4}-\d\d-\d\d\b", "2026-01-31", text)


def raise_version(folder):
    project = folder / "pyproject.toml"
    project.write_text(project.read_text().replace('version = "0.1.0"', 'version = "0.2.0"'))


def write(transcript):
    text = DOCS.read_text("utf-8")
    block = re.compile(r"```console\n\$ tk hub init lab.*?\n```", re.DOTALL)
    DOCS.write_text(block.sub(lambda _: f"```console\n{transcript}\n```", text), "utf-8")


pytestmark = pytest.mark.timeout(120)
