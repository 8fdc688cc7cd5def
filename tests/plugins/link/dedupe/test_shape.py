from dataclasses import replace

import polars as pl
import pytest
from clusterings import made

from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.shape import OURS, all_pairs_frame, pairs_frame, renamed, shape
from tk_link.dedupe.stack import stack
from tk_link.frames import from_frame


def test_every_row_stays_in_its_order_behind_our_columns(clustering, people):
    out = shape(clustering, people, DedupeConfig())
    assert out.columns == [*OURS, "id", "name", "city"]
    assert out.select("id", "name", "city").equals(people.table.frame)
    assert out.select(OURS).rows() == [
        ("07", 2, 0.93, False),
        ("08", 1, 0.69, True),
        ("07", 2, 0.93, True),
        ("10", 1, 0.69, True),
        ("11", 1, 1.0, True),
    ]


@pytest.mark.parametrize(
    ("keep", "ids", "first"),
    [
        ("first", ["07", "08", "10", "11"], ("07", 2, 0.93, False, "07", "Ann Berg", None)),
        ("best", ["08", "09", "10", "11"], ("08", 1, 0.69, True, "08", "Bob Cole", "Bonn")),
        (
            "golden",
            ["09", "08", "10", "11"],
            ("07", 2, 0.93, True, "09", "Ann M. Berg", "Oslo"),
        ),
    ],
)
def test_one_row_of_each_cluster_where_that_is_asked_for(clustering, people, keep, ids, first):
    out = shape(clustering, people, DedupeConfig(keep=keep))
    assert out["id"].to_list() == ids
    assert out.row(0) == first


def test_a_clash_with_a_column_of_the_user_renames_ours():
    frame = pl.DataFrame({"cluster_id": ["a", "b"], "name": ["x", "y"], "city": ["s", "t"]})
    found = stack([from_frame(frame, "t.csv")])
    out = shape(made(found, (0, 1, 0.9), id_column=None), found, DedupeConfig())
    assert out.columns[:4] == ["cluster_id_", *OURS[1:]]
    assert out["cluster_id"].to_list() == ["a", "b"]
    assert renamed(found) == {"cluster_id": "cluster_id_"}


def test_pairs_are_named_as_clusters_are(clustering, people):
    assert pairs_frame(clustering, people).rows() == [("07", "09", 0.93)]


def test_all_pairs_tell_what_rows_say_by_themselves_and_what_became_of_them(clustering, people):
    own = pl.Series("pair_probability", [0.2], dtype=pl.Float64)
    told = replace(
        clustering,
        pairs=clustering.pairs.with_columns(own),
        apart=clustering.pairs.with_columns(own + 0.5, right_row=pl.lit(3, dtype=pl.Int64)),
    )
    out = all_pairs_frame(told, people)
    assert out.columns[2:] == ["match_probability", "pair_probability", "match_status"]
    assert out["pair_probability"].to_list() == [0.2, 0.7]
    assert out["match_status"].to_list() == ["match", "none"]
    kept_before = all_pairs_frame(clustering, people)  # in a state, without that column
    assert kept_before.columns[2:] == ["match_probability", "match_status"]


def test_names_carry_the_file_where_there_are_several(people):
    both = stack([people.table, from_frame(people.table.frame, "more.csv")])
    found = made(both, (1, 6, 0.8), (3, 4, 0.7))
    assert pairs_frame(found, both).rows() == [
        ("people.csv:08", "more.csv:08", 0.8),
        ("people.csv:10", "people.csv:11", 0.7),
    ]
    out = shape(found, both, DedupeConfig(source="source", keep="best"))
    assert out["cluster_id"].to_list()[-1] == "more.csv:11"
    assert out.columns[4] == "source"
