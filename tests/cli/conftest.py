from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tk import Catalogue
from tk_cli import main as cli


@dataclass(frozen=True)
class Ended:
    """How a run of `tk` ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def run_tk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Run `tk` in this process, with only the given plugins installed."""

    def run(*words: str, plugins=()) -> Ended:
        monkeypatch.setattr(cli, "discover", lambda: Catalogue(plugins))
        code = cli.main(words)
        return Ended(code, *capsys.readouterr())

    return run
