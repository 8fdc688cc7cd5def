import os
import subprocess
import sys

import pytest

MANIFEST = "api = 1\n[commands.go]\ntarget = 'tk_zoo.cli:go'\n"


@pytest.fixture
def go(run_tk, make_plugin):
    def go(code, *, flags=(), words=()):
        body = f"import typer, tk\ndef go():\n    {code}"
        zoo = make_plugin("zoo", MANIFEST, init="", cli=body)
        return run_tk(*flags, "go", *words, plugins=[zoo])

    return go


@pytest.mark.parametrize(
    ("code", "exit_code", "message"),
    [
        ("pass", 0, ""),
        ("return 5", 0, ""),
        ("raise typer.Exit(5)", 5, ""),
        ("raise tk.UsageError('--a excludes --b')", 2, "error: --a excludes --b\n"),
        ("raise tk.InputError('left.csv is empty')", 3, "error: left.csv is empty\n"),
        ("raise tk.OutputError('disk full')", 3, "error: disk full\n"),
        ("raise tk.QualityError('precision 0.8 < 0.95')", 5, "error: precision 0.8 < 0.95\n"),
        ("raise tk.LimitError('10 s are over')", 6, "error: 10 s are over\n"),
        ("raise KeyboardInterrupt", 130, "interrupted\n"),
    ],
)
def test_every_end_has_its_documented_code(go, code, exit_code, message):
    ended = go(code)
    assert (ended.code, ended.err) == (exit_code, message)


def test_a_missing_optional_part_exits_4_with_the_pip_line(go):
    ended = go("raise tk.MissingExtraError('DICOM', 'medical')")
    assert ended.code == 4
    assert 'pip install "transformer-tk[medical]"' in ended.err


def test_an_unexpected_error_is_short_and_says_how_to_see_more(go):
    ended = go("1 / 0")
    assert ended.code == 1
    assert ended.err == (
        "error: unexpected ZeroDivisionError: division by zero\nfor the traceback: tk --debug go\n"
    )


@pytest.mark.parametrize("code", ["1 / 0", "raise tk.InputError('empty')"])
def test_debug_prints_the_traceback(go, code):
    assert "Traceback (most recent call last)" in go(code, flags=["--debug"]).err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--jsn"], "error: no such option: --jsn (tk go --help)\n"),
        (["extra"], "error: got unexpected extra argument(s) (extra) (tk go --help)\n"),
    ],
)
def test_a_wrong_option_exits_2_and_points_to_the_help(go, words, message):
    ended = go("pass", words=words)
    assert (ended.code, ended.err) == (2, message)


@pytest.mark.parametrize(
    ("words", "suggestion"),
    [(["goo"], "'go'"), (["plugin"], "'plugins'"), (["plugins", "--jsn"], "'--json'")],
)
def test_a_near_miss_is_suggested(run_tk, make_plugin, words, suggestion):
    ended = run_tk(*words, plugins=[make_plugin("zoo", MANIFEST)])
    assert ended.code == 2
    assert f"did you mean {suggestion}?" in ended.err


def test_no_words_show_the_help(run_tk):
    ended = run_tk()
    assert ended.code == 0
    assert "Usage: tk" in ended.out


def test_the_help_documents_the_exit_codes(run_tk):
    out = run_tk("--help").out
    for code in ("1 unexpected", "2 usage", "3 bad input", "6 stopped", "130 interrupted"):
        assert code in " ".join(out.split())


def test_version_prints_one_line(run_tk):
    ended = run_tk("--version")
    assert ended.code == 0
    assert ended.out.startswith("tk ")


RUN = "import sys; from tk_cli.main import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.parametrize("words", [["--help"], ["doctor", "--json"]])
def test_a_reader_that_leaves_early_is_no_error(words, monkeypatch):
    monkeypatch.setenv("TK_PLUGINS", "none-of-them")
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            [sys.executable, "-c", RUN, *words], stdout=writer, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_full_disk_under_stdout_exits_3():
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", RUN, "plugins"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert ended.returncode == 3
    assert ended.stderr == b"error: cannot write: No space left on device\n"


def test_a_closed_stdout_is_no_error():
    words = ["bash", "-c", f"{sys.executable} -c '{RUN}' plugins >&-"]
    ended = subprocess.run(words, stderr=subprocess.PIPE, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
