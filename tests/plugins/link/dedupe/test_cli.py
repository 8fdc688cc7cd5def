import subprocess
import sys
import tomllib

import pytest

from tk_cli.main import main


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        ["a.csv", "b.csv", "--on", "name,city", "-o", "out.csv"],
        ["--on", "name,city", "a.csv", "b.csv", "-o", "out.csv"],
        ["--on", "name,city", "a.csv", "-o", "out.csv", "b.csv"],
        ["-o", "out.csv", "a.csv", "--on", "name", "b.csv", "--on", "city"],
    ],
)
def test_files_may_stand_anywhere_and_swallow_no_option(capsys, words):
    assert main(["dedupe", *words, "--print-config"]) == 0
    options = tomllib.loads(capsys.readouterr().out)["dedupe"]
    assert options["files"] == ["a.csv", "b.csv"]
    assert options["on"] == ["name", "city"]
    assert options["output"] == "out.csv"


def test_print_config_gives_the_toml_that_repeats_the_run(capsys, tmp_path):
    words = ["dedupe", "a.csv", "--type", "name=org", "--weight", "name=2", "--keep", "golden"]
    words += ["--golden", "name=longest,updated=latest:modified", "--golden", "mode"]
    words += ["--cluster", "cc", "--max-cluster", "9", "--min-prob", "0.7", "--across-only"]
    words += [
        "--source",
        "register",
        "--id",
        "no",
        "--k",
        "7",
        "--threads",
        "1",
        "--pairs",
        "p.csv",
    ]
    assert main([*words, "--print-config"]) == 0
    printed = capsys.readouterr().out
    assert tomllib.loads(printed)["dedupe"]["golden"] == {
        "name": "longest",
        "updated": "latest:modified",
        "*": "mode",
    }
    (tmp_path / "tk.toml").write_text(printed)
    assert main(["dedupe", "--config", "tk.toml", "--print-config"]) == 0
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "FILE missing; name a table, or several: tk dedupe table.csv"),
        (["a.csv", "--keep", "frist"], 2, "did you mean 'first'"),
        (["a.csv", "--golden", "mode"], 2, "add --keep golden"),
        (["a.csv", "--min-prob", "2"], 2, "min_prob is 2.0; it must lie above 0"),
        (["a.csv", "--kepe", "first"], 2, "--kepe"),
        (["a.csv", "--explain"], 2, "--explain"),
        (["nowhere.csv"], 3, "nowhere.csv does not exist"),
        (["a.csv", "a.csv"], 3, "a.csv is given twice"),
        (["a.csv", "--config", "nowhere.toml"], 3, "nowhere.toml cannot be read"),
        (["a.csv", "-o", "a.doc"], 3, "suffix '.doc' is unknown"),
        (["a.csv", "--pairs", "a.doc"], 3, "suffix '.doc' is unknown"),
        (["a.csv", "-o", "x.csv", "--pairs", "./x.csv"], 2, "are one file"),
    ],
)
def test_wrong_calls_say_so_with_their_exit_code(capsys, words, code, message):
    assert main(["dedupe", *words]) == code
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_help_shows_every_group_of_options_and_an_example(capsys):
    assert main(["dedupe", "--help"]) == 0
    out = capsys.readouterr().out
    for group in ("Columns", "Candidates", "Deciding", "Output", "Run", "Messages"):
        assert f" {group} " in out
    assert "[dedupe]" in out
    assert "tk dedupe table.csv -o deduped.csv" in out


def test_help_and_import_load_nothing_heavy():
    code = (
        "import sys, tk_link; from tk_link.dedupe import cli;"
        "heavy = {'polars', 'numpy', 'scipy', 'rapidfuzz', 'torch', 'pandas'} & {*sys.modules};"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", f"import sys; sys.path = {sys.path}; {code}"], check=True)
