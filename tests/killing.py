"""Runs of `tk` that are killed: at random moments on a state, after some work over shards."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tk_link.state.opening import opened_to_read

RUN = "import sys; from tk_cli.main import main; sys.exit(main(sys.argv[1:]))"


def kill_runs(words: list[str], state: str, prepare: Callable[[int], None], *, seed: int) -> None:
    """Run a command ten times and kill it; no judgement and no finished run may be lost."""
    draw, (kept, done, _) = random.Random(seed), looked_into(state)
    for moment in range(10):
        prepare(moment)
        with subprocess.Popen(
            [sys.executable, "-c", RUN, *words, "-q"], stderr=subprocess.DEVNULL
        ) as running:
            # from before it opens the state until well into linking, or past its end
            deadline = time.monotonic() + draw.uniform(0.3, 2.5)
            while running.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            running.send_signal(signal.SIGKILL)
        judged, finished, integrity = looked_into(state)
        assert integrity == "ok"
        assert judged >= kept
        assert finished >= done
        kept, done = judged, finished


def kill_after(words: list[str], folder: Path, notes: int) -> int:
    """Kill a run over shards when it has done so many pieces of work; return how many it had."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *words], cwd=folder, stderr=subprocess.DEVNULL
    )
    waited = time.monotonic() + 60
    while len(list(folder.glob("work/*/*/*.json"))) < notes and time.monotonic() < waited:
        time.sleep(0.02)
    process.kill()
    process.wait()
    return len(list(folder.glob("work/*/*/*.json")))


def looked_into(name: str) -> tuple[int, int, str]:
    """Return the judgements, the finished runs and SQLite's word on the file after a kill."""
    with sqlite3.connect(name) as store:  # plays a journal back, as the next run does
        judged = store.execute("SELECT count(*) FROM judged").fetchone()[0]
        finished = store.execute("SELECT count(*) FROM runs WHERE is_done").fetchone()[0]
        integrity = store.execute("PRAGMA integrity_check").fetchone()[0]
    store.close()
    with opened_to_read(Path(name)):
        return judged, finished, integrity
