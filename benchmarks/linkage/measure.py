"""Run a command as a process group of its own and measure what it costs."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# ru_maxrss is in kilobytes on Linux and in bytes on macOS.
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Cost:
    """What a finished command took.

    Attributes:
        wall: Seconds from start to end, interpreter start-up included.
        cpu: User and system seconds of the command and the children it waited for.
        peak: Bytes of the largest of these processes at its peak.
        code: Exit code; negative when ended by a signal.
        timed_out: The command was ended because the limit was reached.
        message: The last line that it wrote to stderr.
    """

    wall: float
    cpu: float
    peak: int
    code: int
    timed_out: bool
    message: str


def measured(command: Sequence[str], *, limit: float, env: Mapping[str, str] | None = None) -> Cost:
    """Run `command` for at most `limit` seconds; its stdout is dropped."""
    start = time.perf_counter()
    timed_out = threading.Event()
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=env,
        start_new_session=True,
        text=True,
        errors="replace",
    ) as child:

        def stop() -> None:
            timed_out.set()
            os.killpg(child.pid, signal.SIGKILL)

        timer = threading.Timer(limit, stop)
        timer.start()
        try:
            assert child.stderr is not None
            message = last_line(child.stderr.read())
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * RSS_UNIT
    return Cost(wall, cpu, peak, child.returncode, timed_out.is_set(), message)


def last_line(text: str) -> str:
    """Return the last line of `text` that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
