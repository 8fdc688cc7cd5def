import json
import subprocess
import sys

import pytest

from tk_cli.main import main


@pytest.fixture(autouse=True)
def _people_in_an_own_folder(table, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table.frame.head(60).write_csv("people.csv")


@pytest.fixture
def built(capsys):
    assert main(["index", "build", "people.csv", "-q"]) == 0
    assert capsys.readouterr() == ("", "")


def test_build_says_what_it_made_and_what_to_type_next(capsys, tmp_path):
    assert main(["index", "build", "people.csv"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "people.tkindex: 60 rows" in err
    assert "name      first_name + last_name; id: id" in err
    assert "next: tk index serve people.tkindex" in err
    assert (tmp_path / "people.tkindex").is_file()


def test_query_prints_rows_or_json(built, capsys, table):
    row = table.text.row(7, named=True)
    words = ["index", "query", "people.tkindex", "--set", f"email={row['email']}"]
    words += ["--set", f"born={row['born']}", "--limit", "2"]
    assert main(words) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert "P0007" in first
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["record"] == row


def test_options_reach_the_index(capsys):
    words = ["index", "build", "people.csv", "-o", "x.tkindex", "--on", "street,city"]
    words += ["--name", "last_name", "--id", "email", "--type", "city=name", "--seed", "3"]
    assert main(words) == 0
    err = capsys.readouterr().err
    assert "street (address), city (name)" in err
    assert "last_name; id: email" in err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["build", "poeple.csv"], 3, "did you mean 'people.csv'"),
        (["build", "people.csv", "-o", "people.csv"], 3, "is an input of this run"),
        (["build", "people.csv", "-o", "no/x.tkindex"], 3, "does not exist"),
        (["build", "people.csv", "--on", "nmae"], 3, "nmae"),
        (["build", "people.csv", "--type", "city"], 2, "column=value"),
        (["build", "people.csv", "--type", "city=adress"], 2, "did you mean 'address'"),
        (["build"], 2, "TABLE"),
        (["query", "people.csv", "--text", "Anna"], 3, "no index"),
        (["query", "none.tkindex", "--text", "Anna"], 3, "build an index first"),
        (["query", "people.tkindex"], 2, "nothing to look up"),
        (["query", "people.tkindex", "--set", "Anna"], 2, "COLUMN=VALUE"),
        (["query", "people.tkindex", "--set", "ctiy=Wien"], 3, "there is no column 'ctiy'"),
        (["serve", "people.tkindex", "--port", "99999"], 2, "port is 99999"),
        (["serve", "people.csv"], 3, "no index"),
        (["serve", "people.tkindex", "--host", "256.1.1.1"], 3, "cannot be listened on"),
    ],
)
def test_wrong_calls_say_what_and_leave_with_their_code(built, capsys, words, code, said):
    assert main(["index", *words]) == code
    assert said in " ".join(capsys.readouterr().err.split())


def test_nothing_found_is_said_on_standard_error(built, capsys):
    assert main(["index", "query", "people.tkindex", "--text", "@@"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", "no row shares any text with it\n")


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from tk_cli.main import main; main(['index', 'build', '--help']); "
        "heavy = {'numpy', 'polars', 'scipy', 'torch'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
