import polars as pl
import pytest

from tk.errors import InputError, UsageError
from tk_link import Linker, link
from tk_link.computed import parse, with_computed
from tk_link.frames import from_frame

TABLE = from_frame(
    pl.DataFrame(
        {"first": ["Ann", None, None], "last": ["Berg", "Lund", None], "a+b": ["x", "y", "z"],
         "g": ["1,500 g", "2 g", None]}
    ),
    "left",
)  # fmt: skip


@pytest.mark.parametrize(
    ("column", "parts", "factor"),
    [
        ("first+last", ("first", "last"), None),
        ("first + last", ("first", "last"), None),
        ("a+b", ("a+b",), None),
        ("g*0.001", ("g",), 0.001),
        ("g*x", ("g*x",), None),
        ("last", ("last",), None),
    ],
)
def test_how_a_column_is_made(column, parts, factor):
    found = parse(column, TABLE.columns)
    assert (found.parts, found.factor) == (parts, factor)


def test_computed_columns_join_the_text_view_alone():
    table = with_computed(TABLE, ["first+last", "last", "g*0.001"])
    assert table.text["first+last"].to_list() == ["Ann Berg", "Lund", None]
    assert table.text["g*0.001"].to_list() == ["1.5", "0.002", None]
    assert table.columns == TABLE.columns
    assert with_computed(table, ["first+last"]).text.columns == table.text.columns


def people() -> tuple[pl.DataFrame, pl.DataFrame]:
    first = ["Ann", "Bob", "Cy", "Dora", "Emil", "Fay", "Gil", "Hal"]
    last = ["Berg", "Lund", "Dahl", "Falk", "Graf", "Hahn", "Ihle", "Juul"]
    left = pl.DataFrame(
        {"first": first, "last": last, "grams": [str(1000 * n) for n in range(1, 9)]}
    )
    right = pl.DataFrame(
        {"person": [f"{b}, {a}" for a, b in zip(first, last, strict=True)],
         "kilos": [str(n) for n in range(1, 9)]}
    )  # fmt: skip
    return left, right


@pytest.mark.parametrize(
    "on",
    ["first+last=person,grams*0.001=kilos", [("first+last", "person"), ("grams*0.001", "kilos")]],
)
def test_columns_can_be_joined_and_converted_by_hand(on):
    left, right = people()
    found = link(left, right.reverse(), on=on)
    assert found.columns[:5] == ["first", "last", "grams", "person", "kilos"]
    assert found["person"].to_list() == right["person"].to_list()


def test_rules_and_explanations_take_computed_columns():
    left, right = people()
    on = "first+last=person,grams*0.001=kilos"
    linker = Linker(on=on, require="grams*0.001", weights={"first+last": 2}).fit(left, right)
    assert set(linker.explain(0, 0).evidence) >= {"first+last=person", "grams*0.001=kilos"}


def test_a_report_shows_what_was_joined(tmp_path):
    left, right = people()
    page = tmp_path / "r.html"
    link(left, right, on="first+last=person,grams*0.001=kilos", report=page)
    assert "first+last" in page.read_text()
    assert "Ann Berg" in page.read_text()


def test_a_saved_linker_joins_again(tmp_path):
    left, right = people()
    Linker(on="first+last=person,grams*0.001=kilos").fit(left, right).save(tmp_path)
    found = Linker.load(tmp_path).predict(left.head(3), right)
    assert found["person"].to_list() == right["person"].to_list()[:3]


def test_an_unknown_part_suggests_the_near_one():
    with pytest.raises(InputError, match="'frist' not found; did you mean 'first'"):
        link(*people(), on="frist+last=person")
    with pytest.raises(UsageError, match="write left=right"):
        link(*people(), on="=person")
