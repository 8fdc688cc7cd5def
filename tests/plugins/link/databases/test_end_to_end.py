"""`tk link` and `tk dedupe` from database to database."""

import json
import sys
import tomllib

import polars as pl
import pytest
from typer.testing import CliRunner

from tk.errors import InputError, MissingExtraError, OutputError, UsageError
from tk_link import cli
from tk_link.databases.address import parse_address
from tk_link.databases.read import read_database
from tk_link.databases.write import write_database
from tk_link.dedupe import cli as dedupe_cli

FIRST = ["Ann", "Bob", "Cy", "Di"]
LAST = ["Berg", "Lund", "Dahl", "Falk", "Graf", "Hahn", "Ihle", "Juul", "Krog", "Moe"]
PEOPLE = pl.DataFrame(
    {"code": [f"{n:03}" for n in range(40)], "name": [f"{a} {b}" for a in FIRST for b in LAST]}
)


def run(app, *words: str, code: int = 0):
    found = CliRunner().invoke(app, [*words], catch_exceptions=True)
    if code:
        return found
    assert found.exit_code == 0, found.output + repr(found.exception)
    return found


@pytest.fixture
def database(tmp_path) -> str:
    url = f"sqlite:///{tmp_path}/people.db"
    for name in ("left", "right"):
        write_database(PEOPLE, parse_address(f"{url}::{name}"), "fail")
    return url


def test_tables_are_linked_into_a_new_table(database):
    words = (f"{database}::left", f"{database}::SELECT * FROM right", "-o", f"{database}::linked")
    said = run(cli.app, *words).stderr
    frame = read_database(parse_address(f"{database}::linked"))[0]
    assert frame["code"].to_list() == frame["code_r"].to_list() == PEOPLE["code"].to_list()
    assert "people.db::left: 40 rows" in said
    again = run(cli.app, *words, code=3)
    assert isinstance(again.exception, OutputError)
    run(cli.app, *words, "--if-exists", "append")
    assert len(read_database(parse_address(f"{database}::linked"))[0]) == 80


@pytest.mark.parametrize("given", ["::left", "::right"])
def test_an_input_is_not_replaced(database, given):
    words = (f"{database}::left", f"{database}::right", "-o", database + given)
    found = run(cli.app, *words, "--if-exists", "replace", code=3)
    assert "is an input of this run" in str(found.exception)


@pytest.mark.parametrize(
    ("left", "right", "side"),
    [
        ("::SELECT nope FROM left", "::right", "left"),
        ("::left", "::SELECT nope FROM left", "right"),
    ],
)
def test_an_error_says_on_which_side(database, left, right, side):
    found = run(cli.app, database + left, database + right, code=3)
    assert isinstance(found.exception, InputError)
    assert str(found.exception).startswith(f"{side}: people.db::SELECT nope")


def test_dedupe_takes_each_file_of_a_pattern_and_writes_two_tables(tmp_path):
    PEOPLE.write_csv(tmp_path / "p-1.csv")
    PEOPLE.write_csv(tmp_path / "p-2.csv")
    url = f"sqlite:///{tmp_path}/out.db"
    words = (
        f"{tmp_path}/p-*.csv",
        "--on",
        "name",
        "--pairs",
        f"{url}::pairs",
        "-o",
        f"{url}::rows",
    )
    run(dedupe_cli.app, *words)
    rows = read_database(parse_address(f"{url}::rows"))[0]
    assert rows["source"].unique().sort().to_list() == ["p-1.csv", "p-2.csv"]
    assert rows["cluster_size"].to_list() == [2] * 80
    assert len(read_database(parse_address(f"{url}::pairs"))[0]) == 40


def test_a_file_gets_no_rows_appended_and_may_be_kept(tmp_path):
    path = tmp_path / "p.csv"
    PEOPLE.write_csv(path)
    out = tmp_path / "o.csv"
    out.write_text("mine")
    for rule, kind in (("append", UsageError), ("fail", OutputError), ("maybe", UsageError)):
        found = run(cli.app, str(path), str(path), "-o", str(out), "--if-exists", rule, code=2)
        assert isinstance(found.exception, kind)
    assert out.read_text() == "mine"


def test_a_printed_configuration_masks_passwords_and_runs_again(server, monkeypatch):
    write_database(PEOPLE, parse_address(server.url("people")), "replace")
    url = server.url("people")
    printed = run(cli.app, url, url, "-o", server.url("linked"), "--print-config").stdout
    assert "s3" not in printed.replace("s3://", "")
    config = server.folder / "tk.toml"
    config.write_text(printed)
    assert tomllib.loads(printed)["link"]["left"].startswith("postgresql://tk:***@/")
    monkeypatch.setenv("PGPASSWORD", "s3:cr/et%@")
    found = run(cli.app, "--config", str(config), "--if-exists", "replace", "--json")
    assert json.loads(found.stdout)["output"].startswith("postgresql://tk:***@/")


def test_the_summary_masks_passwords(server, tmp_path):
    write_database(PEOPLE, parse_address(server.url("people")), "replace")
    PEOPLE.write_csv(tmp_path / "p.csv")
    words = (server.url("people"), str(tmp_path / "p.csv"))
    for app in (cli.app, dedupe_cli.app):
        found = run(app, *words)
        assert "tk:***@" in found.stderr
        assert "s3%3Acr" not in found.output


@pytest.mark.parametrize(
    ("kind", "module", "driver", "extra"),
    [("duckdb", "duck", "duckdb", "duckdb"), ("postgresql", "postgres", "psycopg", "postgres")],
)
def test_a_missing_driver_is_named_with_the_pip_line(monkeypatch, kind, module, driver, extra):
    monkeypatch.delitem(sys.modules, f"tk_link.databases.{module}", raising=False)
    monkeypatch.delattr(f"tk_link.databases.{module}", raising=False)
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(MissingExtraError, match=rf"transformer-tk\[{extra}\]"):
        read_database(parse_address(f"{kind}:///a.db::t"))
