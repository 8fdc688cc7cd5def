import pytest

from tk.errors import InputError
from tk_link.databases.address import is_database, parse_address, split_inside


@pytest.mark.parametrize(
    ("text", "kind", "where", "what", "name"),
    [
        ("sqlite:///a.db::firms", "sqlite", "a.db", "firms", "a.db::firms"),
        ("sqlite:////x/a.db", "sqlite", "/x/a.db", "", "a.db"),
        ("duckdb:///a b.duckdb::main.t", "duckdb", "a b.duckdb", "main.t", "a b.duckdb::main.t"),
        ("duckdb:///a%20b.db::select 1;", "duckdb", "a b.db", "select 1", "a b.db::select 1"),
        (
            "postgres://me:x@[::1]:5432/crm::SELECT a::text FROM t",
            *("postgresql", "postgresql://me:x@[::1]:5432/crm"),
            *("SELECT a::text FROM t", "crm::SELECT a::text FROM t"),
        ),
        ("postgresql://h", "postgresql", "postgresql://h", "", "h"),
    ],
)
def test_the_parts_of_an_address(text, kind, where, what, name):
    found = parse_address(text)
    assert (found.kind, found.where, found.what, found.name) == (kind, where, what, name)


def test_a_masked_password_is_left_to_the_environment():
    assert parse_address("postgresql://me:***@h/db").where == "postgresql://me@h/db"


def test_nothing_that_is_shown_holds_the_password():
    found = parse_address("postgresql://me:geheim@h/db::select 'postgresql://me:geheim@h/db'")
    assert "geheim" not in found.name
    assert "geheim" not in repr(found)


def test_a_long_query_is_shortened_in_messages():
    assert len(parse_address(f"sqlite:///a.db::SELECT {'x, ' * 99} y").name) < 70


@pytest.mark.parametrize("text", ["sqlite://a.db", "duckdb:///", "sqlite:///"])
def test_an_address_without_file_says_how_it_is_written(text):
    with pytest.raises(InputError, match=r"names no file; write (sqlite|duckdb):///folder"):
        parse_address(text)


def test_a_slash_in_the_password_is_said_and_the_password_is_not():
    with pytest.raises(InputError, match="write / as %2F") as caught:
        parse_address("postgresql://me:pa/ss@host/db::t")
    assert "pa/ss" not in caught.value.message
    assert "ss@" not in caught.value.message


def test_only_the_colons_after_host_and_path_split():
    assert split_inside("https://u:a::b@[::1]/x.xlsx::Sheet 1") == (
        "https://u:a::b@[::1]/x.xlsx",
        "Sheet 1",
    )
    assert split_inside("book.xlsx::A::B") == ("book.xlsx", "A::B")


def test_files_and_other_schemes_are_no_databases():
    assert not any(map(is_database, ["a.db", "s3://b/a.db", "sqlite:a.db", "-", "mysql://h/d"]))
