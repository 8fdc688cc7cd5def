"""The whole search, on made registers."""

import numpy as np
import polars as pl
import pytest
from registers import registers

from tk.errors import InputError
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.pipeline import run, run_closely
from tk_link.frames import from_frame


@pytest.fixture(scope="module")
def register():
    """150 people, 60 of them twice, and the pairs of rows that are one."""
    made = registers(60, 60, 30, seed=3)
    frame = pl.concat([made.left, made.right])
    truth = {(left, right + len(made.left)) for left, right in made.truth}
    return from_frame(frame, "people"), truth


def joined(clustering):
    return set(clustering.pairs.select("left_row", "right_row").iter_rows())


def test_pairs_keep_what_they_say_by_themselves(register):
    table, _ = register
    done = run_closely(table, DedupeConfig())
    scored = pl.concat([done.clustering.pairs, done.clustering.apart]).sort("left_row", "right_row")
    candidates = scored.drop_nulls("pair_probability")
    assert len(candidates) == len(done.within.pairs)
    assert candidates["pair_probability"].to_list() == done.within.probability.tolist()


@pytest.mark.parametrize("method", ["average", "cc", "complete", "single-best"])
def test_duplicates_are_found_without_labels(register, method):
    table, truth = register
    found = joined(run(table, DedupeConfig(cluster=method)))
    assert len(found & truth) >= 0.9 * max(len(found), len(truth))


def test_the_same_run_gives_the_same_result_and_appended_rows_change_no_name(register):
    table, _ = register
    once, again = run(table, DedupeConfig()), run(table, DedupeConfig())
    assert once.rows.equals(again.rows)
    more = pl.concat([table.frame, registers(0, 15, 0, seed=9).left])
    longer = run(from_frame(more, "people"), DedupeConfig()).rows["cluster"].head(len(table))
    assert (longer == once.rows["cluster"]).mean() > 0.98


def test_options_reach_the_comparison(register):
    table, _ = register
    config = DedupeConfig(
        on=("surname", "born"), types=(("born", "text"),), weights=(("surname", 2.0),), k=4
    )
    found = run(table, config)
    assert [(f.left, f.type, f.weight) for f in found.fields] == [
        ("surname", found.fields[0].type, 2.0),
        ("born", "text", 1.0),
    ]
    assert found.candidates < run(table, DedupeConfig()).candidates


def test_rows_of_one_file_are_kept_apart(register):
    table, _ = register
    twice = from_frame(
        pl.concat([table.frame, table.frame]).with_columns(
            file=pl.Series(["a"] * len(table) + ["b"] * len(table))
        ),
        "both",
    )
    rows = run(twice, DedupeConfig(source="file", across_only=True)).rows
    files = twice.frame.select("file").hstack(rows)
    assert files.group_by("cluster", "file").len()["len"].max() == 1
    assert rows["cluster_size"].max() == 2


@pytest.mark.parametrize("shift", [0, 1])
def test_joined_rows_of_one_file_are_spoken_of_where_they_are_most(register, shift):
    table, truth = register
    right = {row for _, row in truth}
    files = ["b" if shift and row in right else "a" for row in range(len(table) - 1)]
    filed = from_frame(table.frame.with_columns(file=pl.Series([*files, "b"])), "people")
    said = " ".join(run(filed, DedupeConfig(source="file")).warnings)
    assert ("two rows of one file" in said) == (not shift)


@pytest.fixture
def chain():
    """Forty rows of which each is like the next alone, and twenty strangers."""
    rng = np.random.default_rng(0)
    words = [f"{rng.integers(10**9):x}{rng.integers(10**9):x}" for _ in range(46)]
    linked = [" ".join(words[at : at + 6]) for at in range(40)]
    return from_frame(pl.DataFrame({"text": [*linked, *("".join(w) for w in words[:20])]}), "t")


def test_a_cluster_that_would_swallow_the_table_falls_back_to_complete_linkage(chain):
    found = run(chain, DedupeConfig(cluster="cc", min_prob=0.3))
    assert found.method == "complete"
    assert found.rows["cluster_size"].max() <= 30
    assert "complete linkage was used instead" in found.warnings[0]


def test_a_table_that_is_one_entity_is_said_to_be():
    frame = pl.DataFrame({"name": ["Ann Berg"] * 24 + ["Bob Cole"]})
    found = run(from_frame(frame, "t"), DedupeConfig())
    assert found.rows["cluster_size"].max() == 24
    assert "one cluster holds 24 of 25 rows" in found.warnings[0]


def test_large_clusters_are_warned_of():
    names = ["Ann Berg"] * 9 + [f"{chr(97 + at) * 9} {chr(99 + at) * 5}" for at in range(20)]
    found = run(from_frame(pl.DataFrame({"name": names}), "t"), DedupeConfig(max_cluster=5))
    assert found.rows["cluster_size"].max() == 9


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
def test_tiny_tables(rows):
    frame = pl.DataFrame({"name": ["Ann Berg", "Ann Berg", "Bob Cole", *"defg"][:rows]})
    if rows == 2:
        frame = frame.with_columns(city=pl.Series(["Oslo", "Rome"]))
    found = run(from_frame(frame, "t"), DedupeConfig())
    assert len(found.rows) == rows
    assert found.rows["cluster_confidence"].is_between(0, 1).all()


def test_empty_and_constant_columns_are_left_out_with_their_reasons():
    frame = pl.DataFrame(
        {
            "id": [str(at) for at in range(30)],
            "nothing": [None] * 30,
            "country": ["NO"] * 30,
            "name": ["Ann Berg", "Ann Berg", *(f"{chr(97 + at) * 7}" for at in range(28))],
        }
    )
    found = run(from_frame(frame, "t"), DedupeConfig())
    assert {s.column: s.reason for s in found.skipped} == {
        "id": "names the rows",
        "nothing": "no values",
        "country": "one value in every row",
    }
    assert found.rows["cluster"].to_list()[:3] == [0, 0, 2]


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"a": [None, None], "b": ["", " "]}),
        pl.DataFrame({"id": ["1", "2"], "a": ["x", "x"]}),
    ],
)
def test_nothing_to_compare_is_an_error(frame):
    with pytest.raises(InputError, match="has no column to compare"):
        run(from_frame(frame, "t"), DedupeConfig())


@pytest.mark.parametrize("on", [("a",), ("a", "b")])
def test_a_column_without_values_may_be_asked_for(on):
    frame = pl.DataFrame({"a": [None, None, None], "b": ["foo", "foo", "bar"]})
    assert len(run(from_frame(frame, "t"), DedupeConfig(on=on)).rows) == 3
