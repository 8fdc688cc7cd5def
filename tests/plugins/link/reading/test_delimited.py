import csv
import io

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tk.errors import InputError
from tk_link.reading.delimited import read_delimited

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ODD = st.sampled_from(
    [
        "007",
        " a ",
        'say "hi"',
        "a,b",
        "a;b\tc|d",
        "x\ny",
        "\x00",
        "😀",
        "שלום",
        "'",
        '"',
        "",
        "#",
        "NA",
    ]
)


def read(data: bytes) -> pl.DataFrame:
    return read_delimited(data, "f")[0]


@given(
    st.integers(2, 5).flatmap(
        lambda width: st.lists(
            st.lists(TEXT | ODD, min_size=width, max_size=width), min_size=1, max_size=20
        )
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_csv_writer_writes_is_read_back(rows, newline):
    names = [f"c{at}" for at in range(len(rows[0]))]
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator=newline)
    writer.writerows([names, *rows])
    assert read(stream.getvalue().encode()).rows() == [tuple(row) for row in rows]


@given(st.lists(st.tuples(st.none() | TEXT | ODD, st.none() | TEXT | ODD), min_size=1))
def test_missing_and_empty_stay_apart(rows):
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String}, orient="row")
    assert read(frame.write_csv().encode()).equals(frame)


@given(
    st.lists(TEXT | ODD, min_size=1, max_size=5, unique=True).filter(
        lambda n: all(map(str.strip, n))
    )
)
def test_column_names_are_kept(names):
    frame = pl.DataFrame({"key": ["1"]} | {f"{name}x": ["1"] for name in names})
    assert read(frame.write_csv().encode()).columns == frame.columns


def test_codes_keep_their_zeros():
    assert read(b"id,zip\n001,01234\n").row(0) == ("001", "01234")


@pytest.mark.parametrize("data", [b"a,b\r1,2\r3,4\r", b"a,b\n1,2\n3,4", b"\na,b\n1,2\n3,4\n\n\n"])
def test_line_ends_of_every_kind(data):
    assert read(data).rows() == [("1", "2"), ("3", "4")]


def test_blank_lines_are_no_rows():
    assert read(b"a,b\r\n1,2\r\n\r\n3,4\r\n\r\n").rows() == [("1", "2"), ("3", "4")]
    assert read(b'a,b\n1,2\n\n"x\n\ny",4\n\n').rows() == [("1", "2"), ("x\n\ny", "4")]


def test_a_row_of_empty_cells_is_a_row():
    assert read(b"a,b\n,\n1,2\n").rows() == [(None, None), ("1", "2")]


def test_blank_line_of_a_single_column_is_a_missing_cell():
    assert read(b"a\nx\n\ny\n")["a"].to_list() == ["x", None, "y"]


def test_notes_tell_the_separator_and_filled_names():
    assert read_delimited(b"a;\n1;2\n", "f")[1] == [
        "separator ';'",
        "blank column name read as 'column_2'",
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            b"a,b,c\n1,2,3\n4,5\n6,7,8\n",
            "line 3 has 2 fields, the header has 3; is the row cut off",
        ),
        (b"a,b\n1,2\n3\n", "line 3 has 1 field, the header has 2"),
        (b"a,b\n1,2\n3,4,5\n", "line 3 has 3 fields, the header has 2; quote fields"),
        (b'a,b\n"x\ny",2\n3,4,5\n', "line 4 has 3 fields"),
        (b'a,b\n"x,y",2\n3\n4,5,6\n', "line 3 has 1 field"),
        (b"a,b\n1\n2,3,4\n", "line 2 has 1 field"),
        (b"a,b\n1,2\n\n3\n", "line 4 has 1 field"),
        (b"sep=;\na;b\n1;2\n3\n", "line 4 has 1 field"),
        (b"\n\na,b\n1,2\n3\n", "line 5 has 1 field"),
        (b"a\n1\n2,3\n", "line 3 has 2 fields"),
        (b'a,b\n1,2\n"x,3\n4,5\n', "line 3 or after has a quote that is not closed"),
        (b'a,b\n1,"x"y\n', "a quote that is not closed, or not doubled"),
        (b'"a,b\n1,2\n', "header cannot be read"),
        (b"a,b\n", "has a header but no rows"),
        (b"a,b", "has a header but no rows"),
        (b"\n\n", "is empty"),
        (b"a,b,a\n1,2,3\n", "'a' is used more than once"),
    ],
)
def test_bad_tables_name_the_place(data, message):
    with pytest.raises(InputError, match=f"^f.*{message}"):
        read(data)


@given(st.integers(3, 400), st.data())
def test_any_short_or_long_row_is_found(height, data):
    lines = [b"a,b,c", *(b'1,"2,2",3' for _ in range(height))]
    at = data.draw(st.integers(1, height))
    lines[at] = data.draw(st.sampled_from([b"1,2", b"1", b"1,2,3,4", b'"1,2",3', b"1,2,3,"]))
    with pytest.raises(InputError, match=f"line {at + 1} has"):
        read(b"\n".join(lines))


def test_quotes_in_tab_separated_text_may_be_ordinary():
    data = b'name\tyear\n"Rome, Open City" (1945)\t1945\n"Oh\t1950\n'
    assert read(data).rows() == [('"Rome, Open City" (1945)', "1945"), ('"Oh', "1950")]


def test_ragged_tab_separated_text():
    with pytest.raises(InputError, match="line 3 has 1 field"):
        read(b'a\tb\n"x\t1\ny"z\n')
