import subprocess
import sys
import tomllib

import pytest

from tk_cli.main import main


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_print_config_gives_the_toml_that_repeats_the_run(capsys, tmp_path):
    words = [
        "link",
        "a.csv",
        "b.csv",
        "--on",
        "name,id=no",
        "--block",
        "zip,year",
        "--block",
        "city",
    ]
    words += ["--type", "name=org", "--weight", "name=2", "--review-band", "0.3,0.8", "--pairs"]
    assert main([*words, "--explain", "--print-config"]) == 0
    printed = capsys.readouterr().out
    options = tomllib.loads(printed)["link"]
    assert options["left"] == "a.csv"
    assert options["on"] == [["name", "name"], ["id", "no"]]
    assert options["block"] == [["zip", "year"], ["city"]]
    assert options["explain"] == "text"
    (tmp_path / "tk.toml").write_text(printed)
    assert main(["link", "--config", str(tmp_path / "tk.toml"), "--print-config"]) == 0
    assert capsys.readouterr().out == printed


def test_zero_is_a_value(capsys):
    assert main(["link", "a.csv", "b.csv", "--min-prob", "0", "--print-config"]) == 0
    assert "min_prob = 0.0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "explain"),
    [
        ([], "none"),
        (["--explain"], "text"),
        (["--explain=json"], "json"),
        (["--explain", "-q"], "text"),
    ],
)
def test_explain_stands_alone_or_takes_a_format(capsys, words, explain):
    assert main(["link", "a.csv", *words, "b.csv", "--print-config"]) == 0
    options = tomllib.loads(capsys.readouterr().out)["link"]
    assert (options["left"], options["right"], options["explain"]) == ("a.csv", "b.csv", explain)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "LEFT and RIGHT missing; name two tables: tk link left.csv right.csv"),
        (["a.csv"], 2, "RIGHT missing"),
        (["-", "-"], 2, "only one of the two tables can come from standard input"),
        (["a.csv", "b.csv", "--how", "1-1"], 2, "did you mean '1:1'"),
        (["a.csv", "b.csv", "--explain=yes"], 2, "explain format 'yes' not found"),
        (["a.csv", "b.csv", "--min-prob", "2"], 2, "min_prob is 2.0; it must lie between"),
        (["a.csv", "b.csv", "--left-on", "a"], 2, "--right-on is missing"),
        (["a.csv", "b.csv", "--type", "a"], 2, "types: write column=value"),
        (["a.csv", "b.csv", "--hwo", "1:1"], 2, "--hwo"),
        (["nowhere.csv", "b.csv"], 3, "nowhere.csv does not exist"),
        (["a.csv", "b.csv", "--config", "nowhere.toml"], 3, "nowhere.toml cannot be read"),
        (["a.csv", "b.csv", "-o", "a.doc"], 3, "suffix '.doc' is unknown"),
    ],
)
def test_wrong_calls_say_so_with_their_exit_code(capsys, words, code, message):
    assert main(["link", *words]) == code
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_help_shows_every_group_of_options(capsys):
    assert main(["link", "--help"]) == 0
    out = capsys.readouterr().out
    for group in ("Columns", "Candidates", "Deciding", "Output", "Run", "Messages"):
        assert f" {group} " in out
    assert "[link]" in out


def test_help_imports_nothing_heavy():
    code = (
        "import sys, tk_link.cli as c;"
        "heavy = {'polars', 'numpy', 'scipy', 'rapidfuzz', 'torch', 'pandas'} & {*sys.modules};"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", f"import sys; sys.path = {sys.path}; {code}"], check=True)
