import io
import sys

from tk_link.progress import TerminalProgress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bar_is_shown_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with TerminalProgress() as progress:
        progress.stage("candidates", total=3)
        progress.advance(2)
    assert "candidates" in sys.stderr.getvalue()


def test_silence_elsewhere_and_on_request(monkeypatch, capsys):
    with TerminalProgress() as progress:
        progress.stage("candidates", total=3)
        progress.advance()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys, "stderr", Terminal())
    with TerminalProgress(enabled=False) as progress:
        progress.stage("candidates")
    assert sys.stderr.getvalue() == ""
