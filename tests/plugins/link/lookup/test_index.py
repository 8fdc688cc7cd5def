import numpy as np
import polars as pl
import pytest

from tk_link.frames import from_frame
from tk_link.lookup.building import build_index
from tk_link.lookup.index import NAME
from tk_link.lookup.queries import Query


def test_a_whole_record_finds_its_row(index, record):
    best, *rest = index.find(Query(values=record))
    assert (best.row, best.is_match) == (17, True)
    assert best.probability > 0.9
    assert all(hit.probability < 0.1 for hit in rest)
    assert best.similarity["email"] == 1.0


def test_typing_errors_and_missing_columns_still_find_it(index, record):
    first = record["first_name"][0]
    known = {"email": ("x" + record["email"][0],), "first_name": (first[:-1],)}
    known |= {"born": record["born"]}
    assert index.find(Query(values=known))[0].row == 17


def test_a_record_that_is_not_there_is_no_match(index):
    hits = index.find(Query(values={"first_name": ("Zacharias",), "email": ("zz.top@else.org",)}))
    assert not any(hit.is_match for hit in hits)


def test_probabilities_of_an_answer_share_one_whole(index, table):
    name = f"{table.text['first_name'][3]} {table.text['last_name'][3]}"
    hits = index.find(Query(name), limit=50)
    assert sum(hit.probability for hit in hits) <= 1.0
    assert [h.probability for h in hits] == sorted((h.probability for h in hits), reverse=True)


def test_rows_that_are_equal_get_equal_chances_and_no_match():
    twins = [("Anna Abel", "Wien"), ("Anna Abel", "Wien")] + [
        (f"Firma {n}x", "Graz") for n in range(40)
    ]
    index = build_index(from_frame(pl.DataFrame(twins, schema=["name", "city"], orient="row"), "t"))
    first, second = index.find(Query("Anna Abel", {"city": ("Wien",)}), limit=2)
    assert {first.row, second.row} == {0, 1}
    assert first.probability == pytest.approx(second.probability)
    assert not first.is_match


def test_an_id_brings_its_row_first(index):
    for query in (Query("P0042"), Query(values={"id": ("P0042",)})):
        hit = index.find(query)[0]
        assert (hit.row, hit.probability, hit.is_match) == (42, 1.0, True)


def test_several_values_are_alternatives(index, record):
    both = {"city": ("Nowhere", *record["city"]), "email": record["email"]}
    assert index.find(Query(values=both))[0].similarity["city"] == 1.0


def test_a_text_is_compared_with_names_in_several_columns(index, record):
    hit = index.find(Query(f"{record['last_name'][0]}, {record['first_name'][0]}"))[0]
    assert hit.similarity[NAME] > 0.7


def test_a_query_date_is_read_as_the_table_writes_dates():
    days = [f"{m}/{d}/19{y}" for y in range(50, 80) for m, d in [(3, 25), (12, 30)]]
    names = [f"Kunde {n * 7919:x}" for n in range(len(days))]
    index = build_index(from_frame(pl.DataFrame({"name": names, "born": days}), "us.csv"))
    rows, values = index.compare(Query(values={"name": (names[0],), "born": ("3/4/1950",)}))
    born = index.features.index("born")
    assert values[rows.tolist().index(0), born] == pytest.approx(0.75)  # 4 March: two digits off


@pytest.mark.parametrize(
    "query",
    [
        Query("   "),
        Query("…"),
        Query(""),
        Query(values={"born": ("not a date",)}),
        Query(values={"email": ("",)}),
        Query("😀" * 50),
        Query("\udcff"),
        Query(values={"no such column": ("x",)}),
    ],
)
def test_nothing_to_compare_brings_nothing(index, query):
    assert index.find(query) == []


def test_a_wanted_row_taken_away_is_not_found(index, record):
    rows, _ = index.compare(Query(values=record), without=17)
    assert 17 not in rows


def test_names_are_found_by_their_beginning(index):
    rows = index.begin_with("brun")
    assert rows
    assert all(index.name_of(row).startswith("Bruno") for row in rows)
    assert index.begin_with("…") == []


def test_codes_inside_text_tell_variants_apart():
    kinds = [f"Akku Bohrer {maker} BX-{n:03}R Set" for maker in ("Hilt", "Mako") for n in range(30)]
    index = build_index(from_frame(pl.DataFrame({"title": kinds}), "tools.csv"))
    hit = index.find(Query("Hilt Bohrer BX017R"))[0]
    assert index.name_of(hit.row) == "Akku Bohrer Hilt BX-017R Set"
    assert hit.similarity["codes in text"] == 1.0


def test_a_number_in_another_column_is_no_code():
    kinds = [f"Akku Bohrer Hilt BX-{n:03}R Set" for n in range(30)]
    phones = [f"040/55{n:03}77" for n in range(30)]
    index = build_index(from_frame(pl.DataFrame({"title": kinds, "phone": phones}), "tools.csv"))
    hit = index.find(Query("Bohrer", {"phone": ("040/5500377",)}))[0]
    assert hit.row == 3
    assert "codes in text" not in hit.similarity


def test_blank_cells_are_missing_not_unequal(table):
    text = table.text.with_columns(pl.when(pl.col("id") == "P0005").then(None).otherwise("city"))
    holes = text.with_columns(
        city=pl.when(pl.col("id") == "P0005").then(None).otherwise(text["city"])
    )
    index = build_index(from_frame(holes, "holes.csv"))
    row = table.text.row(5, named=True)
    query = Query(values={c: (row[c],) for c in ("email", "city", "born")})
    hit = index.find(query)[0]
    assert hit.row == 5
    assert "city" not in hit.similarity


def test_answers_do_not_depend_on_what_was_asked_before(index, record):
    first = index.find(Query(values=record))
    index.find(Query("something else"))
    assert index.find(Query(values=record)) == first
    assert isinstance(first[0].row, int)
    assert not np.isnan(first[0].probability)
