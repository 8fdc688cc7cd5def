from pathlib import Path

import pytest

LINKAGE = Path(__file__).parents[2] / "benchmarks" / "linkage"


@pytest.fixture(autouse=True)
def _on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests import the benchmark's modules as its scripts do."""
    monkeypatch.syspath_prepend(str(LINKAGE))
    monkeypatch.syspath_prepend(str(LINKAGE.parents[1] / "examples" / "firms"))
