import sys
from importlib import import_module


def measured(code: str, limit: float = 30):
    return import_module("measure").measured([sys.executable, "-c", code], limit=limit)


def test_peak_memory_includes_children() -> None:
    child = "x = bytearray(300_000_000)"
    hungry = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    assert measured(hungry).peak > 300e6


def test_failure_keeps_the_last_line_of_stderr() -> None:
    cost = measured("import sys; print('first', file=sys.stderr); sys.exit('no column')")
    assert (cost.code, cost.message, cost.timed_out) == (1, "no column", False)


def test_limit_ends_the_command() -> None:
    cost = measured("import time; time.sleep(60)", limit=0.5)
    assert cost.timed_out
    assert cost.wall < 10
