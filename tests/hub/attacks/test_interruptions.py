"""Installations that do not come to their end: killed, beside another, on a full disk."""

import os
import signal
import subprocess
import sys

import pytest
from hubs import make_wheel, setting, state_of, trust
from packaging.requirements import Requirement

from tk import TkError
from tk_hub.installing import install, recover, upgrade
from tk_hub.journal import Change
from tk_hub.uninstalling import uninstall
from tk_hub.verifying import verify

ZOO = Requirement("tk-zoo")
STEPS = [
    "refreshing the hubs",
    "choosing versions",
    "downloading the plugins",
    "planning with pip",
    "downloading what they need",
    "unpacking beside the environment",
    "loading the plugins",
    "writing the journal",
    "moving the old files out",
    "moving the new files in",
    "closing the journal",
    "tidying up",
]
NEEDS_UNDOING = ("moving the old files out", "moving the new files in", "closing the journal")
HOLDS_FROM = "tidying up"


def run_killed(work):
    """Run `work` in a process of its own, which is killed or not, and return how it ended."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_at(step):
    def report(name):
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return report


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(("loading the plugins", "moving the new files in", HOLDS_FROM), id="some"),
        # Twelve upgrades, each with pip; the renamings themselves are all killed below.
        pytest.param(STEPS, marks=pytest.mark.slow, id="all"),
    ],
)
def test_a_kill_before_each_step_of_an_upgrade(installed, installed_lab, tmp_path, steps):
    environment, home = installed.environment, installed.home
    before = state_of(environment)
    installed_lab.publish(make_wheel(tmp_path, version="2.0", files={"tk_zoo/new/part.py": ""}))
    for step in steps:
        killed = setting(environment, home, report=kill_at(step))
        assert run_killed(lambda killed=killed: upgrade([], killed)) == -signal.SIGKILL
        was_undone = recover(environment)
        assert was_undone == (step in NEEDS_UNDOING)
        assert (state_of(environment) == before) == (step != HOLDS_FROM)
        (check,) = verify(environment, home, is_offline=True)
        assert check.status == "ok"
    assert environment.installed()["tk-zoo"].version == "2.0"


@pytest.fixture
def prefix(tmp_path):
    """Files of an old version, and a new version staged beside them."""
    folder = tmp_path / "prefix"
    for path in ("zoo/lion.py", "zoo/deep/old.py", "other.py"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("old")
    return folder


def stage(prefix):
    change = Change(prefix, prefix / "state")
    change.begin()
    for path in ("zoo/lion.py", "zoo/fresh/new.py", "bees/bee.py"):
        (change.staging / path).parent.mkdir(parents=True, exist_ok=True)
        (change.staging / path).write_text("new")
    return change


def contents(folder):
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def kill_after(renames):
    """Kill this process at the given renaming; the interpreter itself announces each."""
    left = [renames]

    def hear(event, _):
        if event == "os.rename":
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hear)


def test_a_kill_before_every_single_renaming_and_again_while_undoing(prefix):
    before, renames, ends = contents(prefix), 0, []
    while not ends or ends[-1] != 0:
        renames += 1

        def work(renames=renames):
            change = stage(prefix)
            kill_after(renames)
            change.commit(["zoo/lion.py", "zoo/deep/old.py"])

        def undo():
            kill_after(1)
            Change(prefix, prefix / "state").recover()

        ends.append(run_killed(work))
        if ends[-1] != 0:
            run_killed(undo)
            Change(prefix, prefix / "state").recover()
            assert contents(prefix) == before
            assert not (prefix / "bees").exists()
    assert len(ends) == 7  # the journal, two files out, three in, and the run that is not killed
    after = {"zoo/lion.py": "new", "zoo/fresh/new.py": "new", "bees/bee.py": "new"}
    assert contents(prefix) == {**after, "other.py": "old"}
    assert not (prefix / "zoo" / "deep").exists()


def test_two_installs_at_once(lab, at_lab, tmp_path):
    lab.publish(make_wheel(tmp_path))
    steps = []

    def second(step):
        steps.append(step)
        with pytest.raises(TkError, match="another tk hub is changing"):
            install([ZOO], at_lab)
        with pytest.raises(TkError, match="another tk hub is changing"):
            recover(at_lab.environment)  # nor is what is under way taken for cut off

    install([ZOO], setting(at_lab.environment, at_lab.home, report=second))
    assert steps == STEPS
    assert at_lab.environment.installed()["tk-zoo"].version == "1.0"


def test_ctrl_c_leaves_the_environment_as_it_was(lab, at_lab, tmp_path):
    lab.publish(make_wheel(tmp_path))
    before = state_of(at_lab.environment)

    def stop(step):
        if step == "closing the journal":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install([ZOO], setting(at_lab.environment, at_lab.home, report=stop))
    assert state_of(at_lab.environment) == before


def test_a_kill_while_uninstalling(installed):
    before = state_of(installed.environment)
    killed = setting(installed.environment, installed.home, report=kill_at("closing the journal"))
    assert run_killed(lambda: uninstall(["tk-zoo"], killed)) == -signal.SIGKILL
    assert recover(installed.environment)
    assert state_of(installed.environment) == before


FULL = """
import sys
from pathlib import Path
from hubs import make_environment, setting, state_of
from packaging.requirements import Requirement
from tk import TkError
from tk_hub.home import Home
from tk_hub.installing import install

def leave(room):
    free = 4096
    with open("small/fill", "ab", buffering=0) as stream:
        try:
            while stream.write(bytes(free)):
                pass
        except OSError:
            pass
        stream.truncate(max(stream.tell() - room, 0))

environment = make_environment(Path("small/env").resolve())
before = state_of(environment)
for room in (50_000, 1_000_000):
    leave(room)
    try:
        install([Requirement("tk-zoo")], setting(environment, Home(Path("home").resolve())))
        print("installed")
    except (TkError, OSError) as e:
        print("refused", e)
        assert state_of(environment) == before, state_of(environment).keys() ^ before.keys()
"""


def test_a_full_disk(lab, home, tmp_path):
    is_allowed = subprocess.run(["unshare", "-rm", "true"], check=False).returncode == 0
    if not is_allowed:
        pytest.skip("this system lets nobody mount a small disk")
    trust(home, lab)
    lab.publish(make_wheel(tmp_path, files={"tk_zoo/large.txt": "x" * 100_000}))
    (tmp_path / "small").mkdir()
    (tmp_path / "full.py").write_text(FULL)
    script = f"mount -t tmpfs -o size=4m small small && {sys.executable} full.py"
    path = os.pathsep.join(filter(None, sys.path))
    ended = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("No space left on device") == 1, ended.stdout
    assert ended.stdout.endswith("installed\n")
