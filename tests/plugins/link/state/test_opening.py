"""Every way in which a state cannot be used is said, and harms nothing."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys

import pytest

from tk.errors import InputError, OutputError
from tk_link.state.opening import is_state, opened, opened_to_read, transaction

HOLD = """
import sys, time
from pathlib import Path
from tk_link.state.opening import opened
with opened(Path(sys.argv[1])):
    print("open", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def state(tmp_path):
    path = tmp_path / "links.state"
    with opened(path):
        pass
    return path


def judge(path, count):
    with opened(path) as store, transaction(store):
        store.executemany(
            "INSERT INTO judged (run, at, left_id, right_id, judgement) VALUES (1, '', ?, ?, 'y')",
            [(f"a{number}" * 50, "b") for number in range(count)],
        )


def judged(path):
    with opened_to_read(path) as store:
        return store.execute("SELECT count(*) FROM judged").fetchone()[0]


def test_a_state_is_made_whole_and_leaves_nothing_beside_it(state, tmp_path):
    assert is_state(state)
    assert os.listdir(tmp_path) == ["links.state"]


def test_what_is_no_state_is_told_apart(tmp_path):
    cases = {
        "empty": (b"", "is empty"),
        "words": (b"id,name\n1,Ann\n" * 20, "is no state of tk dedupe"),
        "short": (b"SQLite format 3\0" + b"\0" * 20, "it ends after 36 bytes"),
    }
    for name, (content, said) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=said), opened(tmp_path / name):
            pass
        assert (tmp_path / name).read_bytes() == content
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(InputError, match="with other tables"), opened(tmp_path / "other.db"):
        pass
    with pytest.raises(InputError, match="is no file"), opened(tmp_path):
        pass
    with pytest.raises(OutputError, match="does not exist"), opened(tmp_path / "no" / "x.state"):
        pass


def test_another_version_is_refused_with_both_numbers(state):
    with sqlite3.connect(state) as other:
        other.execute("PRAGMA user_version = 7")
    other.close()
    with pytest.raises(InputError, match="version 7, this tk reads version 1"), opened(state):
        pass


def test_a_truncated_or_overwritten_state_is_damaged(state):
    judge(state, 500)
    whole = state.read_bytes()
    state.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="is damaged"), opened(state):
        pass
    state.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(InputError, match="is damaged"), opened(state):
        pass


def test_a_second_run_is_kept_out_until_the_first_is_gone_even_by_kill(state):
    words = [sys.executable, "-c", HOLD, str(state)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "open\n"
        with pytest.raises(InputError, match="in use by another run"), opened(state):
            pass
        first.send_signal(signal.SIGKILL)
        first.wait()
    judge(state, 1)
    assert judged(state) == 1


def test_a_full_disk_is_said_and_what_was_there_stays(state):
    judge(state, 10)
    size = state.stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 4096, before[1]))
    try:
        with pytest.raises(OutputError, match="what it held before is safe"):
            judge(state, 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert judged(state) == 10


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_state_is_said(state):
    state.chmod(0o400)
    with pytest.raises(OutputError, match="cannot be written"):
        judge(state, 1)


def test_a_transaction_that_fails_leaves_nothing(state):
    with opened(state) as store, pytest.raises(sqlite3.IntegrityError), transaction(store):
        store.executemany("INSERT INTO sources VALUES (1, ?, 'a')", [("a",), ("b",)])
    with opened_to_read(state) as store:
        assert store.execute("SELECT count(*) FROM sources").fetchone() == (0,)
