import pytest
from hypothesis import given
from hypothesis import strategies as st

from tk.errors import InputError
from tk_link.reading.dialect import SEPARATORS, check_header, sniff


@pytest.mark.parametrize("separator", SEPARATORS)
def test_separator_is_found(separator):
    text = f"id{separator}name\n1{separator}Anna\n2{separator}Bob\n"
    dialect = sniff(text.encode())
    assert (dialect.separator, dialect.header) == (separator, ["id", "name"])


def test_decimal_commas_do_not_hide_semicolons():
    assert sniff(b"a;b;c\n1,5;2,5;3,5\n1,0;2,0;3,0\n").separator == ";"


def test_commas_in_quotes_do_not_hide_tabs():
    assert sniff(b'name\tplace\n"a, b, c"\t"d, e"\n"f, g"\th\n').separator == "\t"


def test_commas_in_prose_do_not_hide_bars():
    assert sniff(b"id|text\n1|one, two, three\n2|four\n3|five, six\n").separator == "|"


def test_one_column_needs_no_separator():
    assert sniff(b"name\nAnna\nBob\n").header == ["name"]
    assert sniff(b"name\nAnna\nBob\n", prefer="\t").separator == "\t"


def test_excel_declares_its_separator():
    dialect = sniff(b"sep=;\r\na;b\r\n1;2\r\n")
    assert (dialect.separator, dialect.header, dialect.skip) == (";", ["a", "b"], 7)


def test_header_may_span_lines_and_hold_quotes():
    assert sniff(b'"a\nb","say ""hi"""\n1,2\n').header == ["a\nb", 'say "hi"']


def test_leading_blank_lines_are_passed_over():
    assert sniff(b"\n\na,b\n1,2\n").header == ["a", "b"]


@given(st.sampled_from(SEPARATORS), st.integers(2, 6), st.integers(1, 300))
def test_regular_tables_are_always_understood(separator, width, height):
    rows = [separator.join(f"v{row}" for _ in range(width)) for row in range(height)]
    header = [f"c{at}" for at in range(width)]
    data = "\n".join([separator.join(header), *rows]).encode()
    dialect = sniff(data)
    assert (dialect.separator, dialect.header) == (separator, header)


def test_blank_names_are_filled_in_by_place():
    assert check_header(["", "b", " "], "f") == (
        ["column_1", "b", "column_3"],
        ["column_1", "column_3"],
    )


def test_filled_in_name_avoids_a_taken_one():
    assert check_header(["column_2", ""], "f")[0] == ["column_2", "column_2_"]


def test_repeated_names_are_refused_with_their_places():
    with pytest.raises(
        InputError, match=r"f: column name 'a' is used more than once \(columns 1, 3"
    ):
        check_header(["a", "b", "a"], "f")
