"""A real PostgreSQL server, read and written."""

import logging
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
        'odd "name", 1': ["", 'x\n"y",z', "שלום 😀 \\N \\."],
        "n": [1, None, -(2**62)],
        "x": [0.1, None, 1e300],
        "b": [True, None, False],
        "d": [date(2020, 2, 29), None, date(1, 1, 1)],
        "t": [datetime(2020, 2, 29, 1, 2, 3, 456), None, datetime(1970, 1, 1)],
    }
)


def read(url: str) -> pl.DataFrame:
    return read_database(parse_address(url))[0]


def write(frame: pl.DataFrame, url: str, if_exists: str = "fail") -> None:
    write_database(frame, parse_address(url), if_exists)


@pytest.fixture
def clean(server):
    server.run("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return server


def test_what_is_written_is_read_back(clean):
    write(FRAME, clean.url("t"))
    assert read(clean.url("t")).equals(FRAME)


def test_every_type_arrives_without_loss(clean):
    query = (
        "SELECT 1.10::numeric a, 'infinity'::date b, true c, NULL::int d, '{1,2}'::int[] e, "
        "'0044-03-15 BC'::date f, 0.1::float4 g, '\\x00ff'::bytea h, 9007199254740993::bigint i, "
        "'2020-01-01 00:00+00'::timestamptz AT TIME ZONE 'UTC' j"
    )
    row = read(clean.url(query)).row(0)
    assert row[:6] == ("1.10", "infinity", True, None, "{1,2}", "0044-03-15 BC")
    assert row[6] == pytest.approx(0.1)
    assert row[7:] == ("\\x00ff", 9007199254740993, datetime(2020, 1, 1))


def test_missing_and_blank_stay_apart_in_one_column(clean):
    query = "SELECT NULL::text AS a UNION ALL SELECT '' UNION ALL SELECT 'x'"
    assert read(clean.url(query))["a"].to_list() == [None, "", "x"]


def test_decimals_times_and_lists_are_written(clean):
    frame = pl.DataFrame({"m": [Decimal("12.50")], "l": [[1, 2]], "r": [b"\x00\xff"]}).with_columns(
        u=pl.duration(days=1)
    )
    write(frame, clean.url("t"))
    assert read(clean.url("t")).row(0) == ("12.50", "1, 2", "\\x00ff", "P1D")


def test_the_only_table_need_not_be_named_and_schemas_may(clean):
    clean.run("CREATE SCHEMA IF NOT EXISTS crm", "DROP TABLE IF EXISTS crm.firms")
    write(FRAME, clean.url("crm.firms"))
    assert read_table(clean.url()).name == "postgres::crm.firms"
    assert read(clean.url("crm.firms")).equals(FRAME)
    clean.run("DROP SCHEMA crm CASCADE")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("SELEC 1", 'syntax error at or near "SELEC"'),
        ("SELECT nope FROM t", 'column "nope" does not exist'),
        ("SELECT 1 / 0", "division by zero"),
        ("DELETE FROM t RETURNING *", "syntax error"),
        ("SELECT 1 AS a, 2 AS a", "two columns are named 'a'"),
        ("tt", "'tt' not found; did you mean 't'"),
        ("SELECT nextval('s')", "read-only transaction"),
    ],
)
def test_what_cannot_be_read_is_said_in_the_servers_words(clean, what, said):
    write(FRAME, clean.url("t"))
    clean.run("CREATE SEQUENCE s")
    with pytest.raises(InputError) as caught:
        read(clean.url(what))
    assert said in caught.value.message
    assert "postgres" in caught.value.message


def test_a_table_that_exists_is_left_alone_unless_told(clean):
    write(FRAME, clean.url("t"))
    with pytest.raises(OutputError, match="t exists; name another"):
        check_database(parse_address(clean.url("t")), "fail")
    write(FRAME, clean.url("t"), "append")
    assert len(read(clean.url("t"))) == 2 * len(FRAME)
    write(FRAME.select("id"), clean.url("t"), "replace")
    assert read(clean.url("t")).columns == ["id"]
    clean.run("CREATE TABLE numbers (id int)")
    with pytest.raises(OutputError, match="would lose leading zeros"):
        write(FRAME.select("id"), clean.url("numbers"), "append")


def test_a_connection_lost_while_reading_is_said(clean):
    query = (
        "SELECT n, CASE WHEN n = 90000 THEN pg_terminate_backend(pg_backend_pid()) END AS gone "
        "FROM generate_series(1, 100000) n"
    )
    with pytest.raises(InputError, match="the connection was lost and nothing was changed"):
        read(clean.url(query))


def test_a_connection_lost_while_writing_leaves_the_table_as_it_was(clean):
    """The server's own process ends in the middle of the rows, as when a machine goes down."""
    clean.run(
        "CREATE TABLE t (n bigint)",
        "INSERT INTO t VALUES (7)",
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.n = 60000 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; "
        "RETURN NEW; END $$",
        "CREATE TRIGGER die BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION die()",
    )
    frame = pl.DataFrame({"n": range(120_000)})
    with pytest.raises(OutputError, match="the connection was lost and nothing was changed"):
        write(frame, clean.url("t"), "append")
    assert clean.run("SELECT n FROM t") == [(7,)]


def test_what_the_server_refuses_half_way_changes_nothing(clean):
    write(FRAME, clean.url("t"))
    with pytest.raises(OutputError, match="0x00"):
        write(pl.DataFrame({"a": ["x"] * 60_000 + ["\0"]}), clean.url("t"), "replace")
    assert read(clean.url("t")).equals(FRAME)


def test_the_password_may_come_from_the_environment(clean, monkeypatch):
    write(FRAME, clean.url("t"))
    monkeypatch.setenv("PGPASSWORD", "s3:cr/et%@")
    assert len(read(clean.url("t", password=""))) == len(FRAME)
    assert len(read(clean.url("t", password="").replace("tk@", "tk:***@"))) == len(FRAME)


@pytest.mark.parametrize("password", ["wrong-secret", "wrong%zz-secret", "wrong secret"])
def test_no_message_and_no_log_holds_a_password(server, password, caplog):
    caplog.set_level(logging.DEBUG)
    base = server.url("t", password="").replace("tk@", f"tk:{password}@")
    with pytest.raises(InputError) as caught:
        read(base)
    said = f"{caught.value} {caught.value.__cause__!r} {caplog.text}"
    assert "secret" not in said
    assert "wrong" not in said


def test_a_missing_database_and_server_are_said(server, tmp_path):
    with pytest.raises(InputError, match='database "nope" does not exist'):
        read(server.url("t", database="nope"))
    with pytest.raises(InputError, match="No such file or directory"):
        read(f"postgresql://tk@/db?host={tmp_path}::t")
