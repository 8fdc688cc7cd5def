"""SQLite and DuckDB, which are files: the same is asked of both."""

import sqlite3
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest

from tk.errors import InputError, OutputError
from tk_link.databases.address import parse_address
from tk_link.databases.read import read_database
from tk_link.databases.write import check_database, write_database
from tk_link.reading import read_table

FRAME = pl.DataFrame(
    {
        "id": ["007", "08", None],
        'odd "name", 1': ["", "x\ny", "שלום 😀"],
        "n": [1, None, -(2**62)],
        "x": [0.1, None, 1e300],
        "b": [True, None, False],
        "d": [date(2020, 2, 29), None, date(1, 1, 1)],
        "t": [datetime(2020, 2, 29, 1, 2, 3, 456), None, datetime(1970, 1, 1)],
        "m": [Decimal("12.50"), None, Decimal("-0.01")],
        "raw": [b"\x00\xff", None, b""],
    }
)
MakeUrl = Callable[[str], str]


@pytest.fixture(params=["sqlite", "duckdb"])
def url(request, tmp_path) -> MakeUrl:
    if request.param == "duckdb":
        pytest.importorskip("duckdb", reason="the extra duckdb is not installed")
    return lambda what: f"{request.param}:///{tmp_path}/f.db" + (f"::{what}" if what else "")


@pytest.fixture
def full(url: MakeUrl) -> MakeUrl:
    write_database(FRAME, parse_address(url("t")), "fail")
    return url


def read(url: str) -> pl.DataFrame:
    return read_database(parse_address(url))[0]


def test_what_is_written_is_read_back_without_loss(full):
    back = read_table(full("t"))
    as_text = read_table(full("t")).text
    assert back.columns == FRAME.columns
    assert back.frame["id"].to_list() == ["007", "08", None]
    assert back.frame.select(FRAME.columns[1], "n", "x", "raw").equals(
        FRAME.select(FRAME.columns[1], "n", "x", "raw")
    )
    assert as_text["d"].to_list() == ["2020-02-29", None, "0001-01-01"]
    assert as_text["t"][0] == "2020-02-29 01:02:03.000456"
    assert as_text["m"].to_list() == ["12.50", None, "-0.01"]
    assert as_text["b"].to_list() in (["true", None, "false"], ["1", None, "0"])


def test_a_query_is_read(full):
    assert read(full("SELECT id FROM t WHERE n = 1;")).to_dicts() == [{"id": "007"}]
    assert read(full("WITH q AS (SELECT 5 AS z) SELECT * FROM q")).item() == 5
    assert read(full("SELECT x FROM t WHERE n = 99")).is_empty()


def test_the_only_table_need_not_be_named(full):
    assert read_table(full("")).name == "f.db::t"


def test_several_tables_are_listed_where_none_is_named(full):
    write_database(FRAME, parse_address(full("other")), "fail")
    with pytest.raises(
        InputError, match=r"which table is meant; add ::TABLE.*\(tables: other, t\)"
    ):
        read(full(""))


def test_a_missing_table_suggests_the_near_one(full):
    write_database(FRAME, parse_address(full("customers")), "fail")
    with pytest.raises(InputError, match="'custmers' not found; did you mean 'customers'"):
        read(full("custmers"))


@pytest.mark.parametrize("query", ["SELEC * FROM t", "SELECT nope FROM t", "SELECT 1 FROM nope"])
def test_a_wrong_query_is_answered_in_the_databases_words(full, query):
    with pytest.raises(InputError, match=r"f\.db::.* cannot be read: .*(SELEC|nope)"):
        read(full(query))


@pytest.mark.parametrize(
    "query", ["DELETE FROM t WHERE 1 = 1", "DROP TABLE t", "CREATE TABLE z (a INT)"]
)
def test_inputs_are_opened_for_reading_only(full, query):
    with pytest.raises(InputError, match=r"read-?only"):
        read(full(query))
    assert len(read(full("t"))) == len(FRAME)


def test_two_columns_of_one_name_are_refused(full):
    with pytest.raises(InputError, match="two columns are named 'a'"):
        read(full("SELECT 1 AS a, 2 AS a"))


def test_a_missing_file_is_not_made_by_reading(url, tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        read(url("t"))
    assert not list(tmp_path.iterdir())


def test_a_file_of_another_kind_is_refused_and_kept(url, tmp_path):
    (tmp_path / "f.db").write_bytes(b"id,name\n" * 1000)
    with pytest.raises(InputError, match=r"not a (valid DuckDB )?database"):
        read(url("t"))
    with pytest.raises(OutputError, match=r"not a (valid DuckDB )?database"):
        write_database(FRAME, parse_address(url("t")), "replace")
    assert (tmp_path / "f.db").read_bytes() == b"id,name\n" * 1000


def test_a_table_that_exists_is_left_alone_unless_told(full):
    address = parse_address(full("t"))
    for refuse in (
        lambda: check_database(address, "fail"),
        lambda: write_database(FRAME, address, "fail"),
    ):
        with pytest.raises(OutputError, match="t exists; name another, or say --if-exists replace"):
            refuse()
    write_database(FRAME, address, "append")
    assert len(read(full("t"))) == 2 * len(FRAME)
    write_database(FRAME.select("id"), address, "replace")
    assert read(full("t")).shape == (len(FRAME), 1)


def test_appending_needs_the_same_columns_and_keeps_zeros(full):
    address = parse_address(full("t"))
    with pytest.raises(OutputError, match="has no column 'new'"):
        write_database(FRAME.with_columns(new=1), address, "append")
    with pytest.raises(OutputError, match=r"'n' .* would lose leading zeros"):
        write_database(pl.DataFrame({"n": ["007"]}), address, "append")
    assert len(read(full("t"))) == len(FRAME)


def test_what_fails_half_way_changes_nothing(full, monkeypatch):
    address = parse_address(full("t"))
    many = pl.concat([FRAME] * 3)
    module = {"sqlite": "sqlite.SqliteStore", "duckdb": "duck.DuckStore"}[address.kind]

    def fail(self: object, frame: pl.DataFrame, table: str) -> None:
        original(self, frame.head(1), table)
        raise OSError(28, "No space left on device")

    kind = pytest.importorskip(f"tk_link.databases.{module.split('.')[0]}")
    store = getattr(kind, module.split(".")[1])
    original = store.insert
    monkeypatch.setattr(store, "insert", fail)
    with pytest.raises(OutputError, match="No space left"):
        write_database(many, address, "replace")
    monkeypatch.undo()
    assert read(full("t")).equals(read(full("SELECT * FROM t")))
    assert len(read(full("t"))) == len(FRAME)


def test_a_new_file_that_could_not_be_filled_is_gone(url, tmp_path):
    frame = pl.DataFrame({"a": [1], "A": [2]})  # one name to a database
    with pytest.raises(OutputError, match=r"duplicate column|differ in case only"):
        write_database(frame, parse_address(url("t")), "fail")
    assert not list(tmp_path.iterdir())


def test_an_output_names_one_table(url):
    for what, said in (("", "names no table"), ("SELECT 1", "is a query")):
        with pytest.raises(OutputError, match=said):
            check_database(parse_address(url(what)), "fail")


def test_a_missing_folder_is_said_before_the_work(tmp_path):
    with pytest.raises(OutputError, match=r"folder .* does not exist"):
        check_database(parse_address(f"sqlite:///{tmp_path}/no/f.db::t"), "fail")


def test_a_locked_sqlite_file_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("tk_link.databases.sqlite._WAIT", 0.1)
    other = sqlite3.connect(tmp_path / "f.db", isolation_level=None)
    other.execute("CREATE TABLE t (a)")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OutputError, match="database is locked"):
        check_database(parse_address(f"sqlite:///{tmp_path}/f.db::new"), "fail")
    other.close()


def test_a_full_sqlite_file_changes_nothing(tmp_path, monkeypatch):
    """A limit on pages is what a full disk looks like to SQLite."""
    address = parse_address(f"sqlite:///{tmp_path}/f.db::t")
    write_database(pl.DataFrame({"a": ["x"]}), address, "fail")
    connect = sqlite3.connect

    def small(*given: object, **more: object) -> sqlite3.Connection:
        connection = connect(*given, **more)
        connection.execute("PRAGMA max_page_count = 3")
        return connection

    monkeypatch.setattr(sqlite3, "connect", small)
    large = pl.DataFrame({"a": ["y" * 9000] * 50})
    with pytest.raises(OutputError, match="full"):
        write_database(large, address, "replace")
    assert read(f"sqlite:///{tmp_path}/f.db::t").to_dicts() == [{"a": "x"}]


def test_sqlite_columns_of_several_kinds_become_text(tmp_path):
    with sqlite3.connect(tmp_path / "f.db") as connection:
        connection.execute("CREATE TABLE t (a, b, c)")
        rows = [(1, 2**60, b"x"), ("007", 0.5, "y"), (None, None, None)]
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    connection.close()
    assert read(f"sqlite:///{tmp_path}/f.db").to_dict(as_series=False) == {
        "a": ["1", "007", None],
        "b": [str(2**60), "0.5", None],
        "c": ["x", "y", None],
    }


def test_duckdb_types_that_polars_has_not_become_text(tmp_path):
    duckdb = pytest.importorskip("duckdb", reason="the extra duckdb is not installed")
    with duckdb.connect(str(tmp_path / "f.db")) as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT 170141183460469231731687303715884105727::HUGEINT AS h, "
            "INTERVAL 1 DAY AS i, [1, 2] AS l, MAP {'k': 1} AS m, uuid() AS u"
        )
    row = read(f"duckdb:///{tmp_path}/f.db").row(0)
    assert row[:4] == (str(2**127 - 1), "1 day", "[1, 2]", "{k=1}")
    assert len(row[4]) == 36
