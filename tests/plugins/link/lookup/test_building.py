import polars as pl
import pytest

from tk.errors import InputError, NotFoundError, UsageError
from tk_link import Linker
from tk_link.frames import from_frame
from tk_link.lookup.building import build_index
from tk_link.lookup.config import IndexConfig, ServeConfig
from tk_link.lookup.queries import Query


def test_columns_are_found_and_typed(index):
    assert index.id_column == "id"
    assert index.name_columns == ("first_name", "last_name")
    types = {column.name: column.type for column in index.columns}
    assert types["email"] == "email"
    assert types["born"] == "date"


def test_options_choose_columns_types_id_and_name(table):
    config = IndexConfig(
        on=("street", "city"), id="email", name=("street",), types=(("city", "name"),)
    )
    index = build_index(table, config)
    assert [(c.name, c.type) for c in index.columns] == [("street", "address"), ("city", "name")]
    assert index.id_of(3) == table.text["email"][3]
    assert index.name_of(3) == table.text["street"][3]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (IndexConfig(on=("frist_name",)), "did you mean 'first_name'"),
        (IndexConfig(name=("nam",)), "no column|not found"),
        (IndexConfig(id="city"), "repeats"),
        (IndexConfig(id="idd"), "did you mean 'id'"),
        (IndexConfig(types=(("ctiy", "text"),)), "did you mean 'city'"),
        (IndexConfig(scorer="nowhere"), "cannot be read"),
    ],
)
def test_wrong_columns_are_refused(table, config, words):
    with pytest.raises(InputError, match=words):
        build_index(table, config)


def test_wrong_options_are_refused():
    with pytest.raises(NotFoundError, match="adress"):
        IndexConfig(types=(("a", "adress"),))
    for wrong in ({"on": ()}, {"on": ("a", "a")}, {"seed": -1}):
        with pytest.raises(UsageError):
            IndexConfig(**wrong)
    for wrong in (
        {"port": 70000}, {"min_prob": 0}, {"min_prob": float("nan")}, {"connections": 0},
        {"patience": 0}, {"origins": ("openrefine",)}, {"public_url": "here"},
        {"public_url": "http://["}, {"public_url": "*"}, {"origins": ("https://",)},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            ServeConfig(**wrong)


def test_a_table_without_rows_is_refused():
    with pytest.raises(InputError, match="no rows"):
        build_index(from_frame(pl.DataFrame({"name": []}, schema={"name": pl.String}), "t.csv"))


@pytest.mark.parametrize("rows", [1, 2, 19])
def test_a_table_too_small_to_learn_from_is_scored_by_rule(rows):
    names = [f"Nummer {n} {chr(97 + n) * 3}" for n in range(rows)]
    index = build_index(from_frame(pl.DataFrame({"name": names, "n": range(rows)}), "t.csv"))
    assert index.find(Query(names[-1]))[0].row == rows - 1


def test_a_saved_linker_scores(table, tmp_path):
    left = table.frame.with_columns(pl.col("first_name").str.slice(0, 4))
    Linker(on=["first_name", "last_name", "email"]).fit(left, table.frame).save(tmp_path)
    index = build_index(table, IndexConfig(scorer=str(tmp_path)))
    assert [column.name for column in index.columns] == ["first_name", "last_name", "email"]
    row = table.text.row(8, named=True)
    query = Query(values={c.name: (row[c.name],) for c in index.columns})
    assert index.find(query)[0].row == 8
    assert index.find(query)[0].is_match


def test_ids_are_row_numbers_where_no_column_names_rows():
    names = [f"Firma {n * 7919:x}" for n in range(30)]
    index = build_index(from_frame(pl.DataFrame({"name": names}), "t.csv"))
    assert index.id_column is None
    assert index.id_of(index.find(Query(names[4]))[0].row) == "4"


@pytest.mark.parametrize("values", [["x", "x", "x"], [None, None, None], ["1", "2", "3"]])
def test_a_table_whose_columns_say_nothing_is_refused(values):
    frame = pl.DataFrame({"id": values}, schema={"id": pl.String})
    with pytest.raises(InputError, match=r"no column tells rows apart \(id\).*--on"):
        build_index(from_frame(frame, "t.csv"))
