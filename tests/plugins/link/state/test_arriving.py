import polars as pl
import pytest

from tk.errors import InputError
from tk_link.frames import from_frame
from tk_link.state.arriving import Arriving, News, receive


def arriving(rows, origin="a.csv", *, columns=("id", "name"), is_file=True, name=None):
    frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    return Arriving(origin, from_frame(frame, name or origin.rpartition("/")[2]), is_file=is_file)


FIRST = [("1", "Ann"), ("2", "Bob"), ("3", "Cy")]


@pytest.fixture
def known():
    return receive([], [arriving(FIRST)])[0]


def rows(source):
    return source.table.frame.rows()


def test_the_same_file_brings_nothing_in_any_order_of_rows_and_columns(known):
    turned = arriving([("Cy", "3"), ("Ann", "1"), ("Bob", "2")], columns=("name", "id"))
    sources, news = receive(known, [turned])
    assert news == [News("a.csv", known=3)]
    assert rows(sources[0]) == FIRST


def test_the_same_table_under_another_name_is_recognised(known):
    sources, news = receive(known, [arriving(FIRST, "copy/b.csv")])
    assert (len(sources), news[0].same_as, news[0].new) == (1, "a.csv", 0)


def test_new_rows_go_to_the_end_changed_ones_keep_their_place_and_missing_ones_stay(known):
    sources, news = receive(known, [arriving([("4", "Di"), ("2", "Rob"), ("1", "Ann")])])
    assert news == [News("a.csv", new=1, changed=1, known=1, missing=1)]
    assert rows(sources[0]) == [("1", "Ann"), ("2", "Rob"), ("3", "Cy"), ("4", "Di")]


def test_an_id_in_a_batch_is_another_row_each_time():
    known = receive([], [arriving(FIRST, "-", is_file=False)])[0]
    sources, news = receive(known, [arriving([("1", "Zoe"), ("2", "Bob")], "-", is_file=False)])
    assert news == [News("-", new=1, known=1)]
    assert rows(sources[0]) == [*FIRST, ("1", "Zoe")]


def test_equal_rows_are_counted():
    twice = [("x", "Ann"), ("x", "Ann")]
    known = receive([], [arriving(twice)])[0]
    assert receive(known, [arriving([*twice, twice[0]])])[1] == [News("a.csv", new=1, known=2)]


def test_files_of_one_name_get_their_folder(known):
    sources, _ = receive(known, [arriving([("9", "Zed")], "old/a.csv")])
    assert [source.table.name for source in sources] == ["a.csv", "old/a.csv"]


def test_other_columns_are_refused_where_no_row_can_be_told(known):
    with pytest.raises(InputError, match=r"none of the columns that the state knows \(id, name\)"):
        receive(known, [arriving([("x", "y")], "b.csv", columns=("p", "q"))])
    with pytest.raises(InputError, match="other columns than when it was read before"):
        receive(known, [arriving([("Ann", "Oslo")], columns=("name", "town"))])
    more = arriving([(*row, "Oslo") for row in FIRST], columns=("id", "name", "town"))
    assert receive(known, [more])[1] == [News("a.csv", changed=3)]


def test_a_column_of_two_types_becomes_text():
    one = Arriving("a", from_frame(pl.DataFrame({"n": [1, 2], "x": [0.5, 1]}), "a"), is_file=False)
    two = Arriving("a", from_frame(pl.DataFrame({"n": ["z"], "x": [3]}), "a"), is_file=False)
    (source,), _ = receive(receive([], [one])[0], [two])
    assert source.table.frame.rows() == [("1", 0.5), ("2", 1.0), ("z", 3.0)]
