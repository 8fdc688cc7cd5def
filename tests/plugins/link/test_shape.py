import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tk_link.config import LinkConfig, OutputConfig
from tk_link.frames import from_frame
from tk_link.linkage import ACCEPTED, PAIR_SCHEMA, Linkage
from tk_link.shape import ADDED, shape


def shaped(linkage, left, right, *, all_pairs=False, **output):
    config = LinkConfig(all_pairs=all_pairs)
    return shape(linkage, left, right, config=config, output=OutputConfig(**output))


def rows_of(frame):
    return frame.select("left_row", "right_row", "match_status").rows()


def test_columns_are_left_then_right_then_ours(linkage, left, right):
    frame = shaped(linkage, left, right)
    assert frame.columns == ["id", "name", "id_r", "name_r", "city", *ADDED]


def test_left_join_keeps_every_left_row_and_says_what_became_of_it(linkage, left, right):
    frame = shaped(linkage, left, right)
    assert rows_of(frame) == [
        (0, 0, "match"),
        (1, 1, "review"),
        (2, None, "lost"),
        (3, None, "none"),
        (4, None, "none"),
    ]
    assert frame.select("id", "name").equals(left.frame)
    assert frame["name_r"].to_list() == ["Anne", "Rob", None, None, None]
    assert frame["match_probability"].to_list() == [0.99, 0.62, 0.58, 0.3, None]


@pytest.mark.parametrize(
    ("join", "expected"),
    [
        ("inner", [(0, 0, "match"), (1, 1, "review")]),
        ("right", [(0, 0, "match"), (1, 1, "review"), (None, 2, "none")]),
        ("anti", [(2, None, "lost"), (3, None, "none"), (4, None, "none")]),
        (
            "outer",
            [
                (0, 0, "match"),
                (1, 1, "review"),
                (2, None, "lost"),
                (3, None, "none"),
                (4, None, "none"),
                (None, 2, "none"),
            ],
        ),
    ],
)
def test_other_joins(linkage, left, right, join, expected):
    frame = shaped(linkage, left, right, join=join)
    assert rows_of(frame) == expected
    assert frame.columns == shaped(linkage, left, right).columns


def test_several_partners_repeat_the_left_row_in_order_of_rank(decide, left, right):
    linkage = decide((0, 2, 0.9, "match"), (0, 1, 0.8, "match"), (2, 0, 0.7, "match"), how="m:m")
    frame = shaped(linkage, left, right)
    assert rows_of(frame)[:2] == [(0, 2, "match"), (0, 1, "match")]
    assert frame["id"].to_list() == ["01", "01", "02", "03", "04", "05"]
    by_right = shaped(linkage, left, right, join="right")
    assert rows_of(by_right) == [(2, 0, "match"), (0, 1, "match"), (0, 2, "match")]


def test_all_pairs_shows_refused_partners_too(linkage, left, right):
    frame = shaped(linkage, left, right, all_pairs=True)
    assert rows_of(frame)[2:] == [(2, 1, "lost"), (3, 2, "none"), (4, None, "none")]
    assert shaped(linkage, left, right, all_pairs=True, pairs=True).height == 4


def test_nothing_matched_is_still_a_table(decide, left, right):
    for join, height in (("left", 5), ("inner", 0), ("right", 3), ("outer", 8), ("anti", 5)):
        frame = shaped(decide(), left, right, join=join)
        assert frame.height == height
        assert frame.columns[-8:] == list(ADDED)
    assert shaped(decide(), left, right, pairs=True).is_empty()


def test_pairs_name_rows_by_id_or_number(linkage, left, right):
    frame = shaped(linkage, left, right, pairs=True)
    assert frame.columns == [
        "left_id",
        "right_id",
        "match_probability",
        "match_score",
        "match_status",
        "match_kind",
    ]
    assert frame.rows() == [
        ("01", 0, 0.99, 1.235, "match", "same"),
        ("02", 1, 0.62, 1.235, "review", "same"),
    ]


def test_reasons_come_last(decide, left, right):
    linkage = decide((0, 0, 0.9, "match"), (1, 1, 0.2, "none"), why=["name +3", "name -1"])
    assert shaped(linkage, left, right).columns[-1] == "match_why"
    assert shaped(linkage, left, right)["match_why"].to_list()[:2] == ["name +3", "name -1"]
    pairs = shaped(linkage, left, right, pairs=True)
    assert pairs.rows() == [("01", 0, 0.9, 1.235, "match", "same", "name +3")]


def test_columns_named_like_ours_are_kept_unchanged(decide, right):
    names = ["match_probability", "left_row", "match_status_", "match_status"]
    frame = pl.DataFrame({name: [" 01 "] for name in names})
    left = from_frame(frame, "left")
    made = shaped(decide((0, 0, 0.9, "match"), left_id=None), left, right)
    assert made.select(names).equals(frame)
    assert made.columns[-8:] == [
        "match_probability_",
        "match_score",
        "match_status__",
        "match_kind",
        "match_rank",
        "match_margin",
        "left_row_",
        "right_row",
    ]


def test_suffix_avoids_names_that_are_taken(decide):
    left = from_frame(pl.DataFrame({"a": [1], "a_r": [2]}), "left")
    right = from_frame(pl.DataFrame({"a": [3], "a_r": [4], "b": [5]}), "right")
    linkage = decide((0, 0, 0.9, "match"), left_id=None)
    made = shaped(linkage, left, right)
    assert made.columns[:5] == ["a", "a_r", "a_r_r", "a_r_r_r", "b"]
    assert made.row(0)[:5] == (1, 2, 3, 4, 5)
    assert shaped(linkage, left, right, suffix="_right").columns[2:4] == ["a_right", "a_r_right"]


def test_types_of_the_users_columns_survive(decide, right):
    left = from_frame(pl.DataFrame({"l": [[1], [2]], "x": [1.5, None], "b": [b"a", b"b"]}), "left")
    made = shaped(decide((1, 0, 0.9, "match"), left_id=None), left, right)
    assert made.select("l", "x", "b").equals(left.frame)


PAIRS = st.lists(
    st.tuples(
        st.integers(0, 7),
        st.integers(0, 5),
        st.floats(0, 1),
        st.sampled_from(["match", "review", "variant", "tie", "lost", "none"]),
    ),
    unique_by=lambda row: row[:2],
)


@given(rows=PAIRS, all_pairs=st.booleans())
@settings(deadline=None)
def test_joins_lose_nothing_and_invent_nothing(rows, all_pairs):
    left = from_frame(pl.DataFrame({"a": [f"l{i}" for i in range(8)]}), "left")
    right = from_frame(pl.DataFrame({"b": [f"r{i}" for i in range(6)]}), "right")
    full = [
        (*row[:3], 0.0, row[3], None, rank, 0.0) for rank, row in enumerate(sorted(rows), start=1)
    ]
    pairs = pl.DataFrame(full, schema=PAIR_SCHEMA, orient="row")
    linkage = Linkage((), (), None, None, pairs, 0, "m:m", "", 0.5, "", 0.9, (0.8, 1.0))
    kept = {row[:2] for row in rows if all_pairs or row[3] in ACCEPTED}
    made = {
        join: rows_of(shaped(linkage, left, right, join=join, all_pairs=all_pairs))
        for join in ("left", "inner", "right", "outer", "anti")
    }
    partners = {
        join: {row[:2] for row in rows if None not in row[:2]} for join, rows in made.items()
    }
    assert partners["left"] == partners["inner"] == partners["right"] == partners["outer"] == kept
    assert not partners["anti"]
    lefts = [row[0] for row in made["left"]]
    assert lefts == sorted(lefts)
    assert set(lefts) == set(range(8))
    assert {row[1] for row in made["right"]} == set(range(6))
    assert {row[0] for row in made["anti"]} == set(range(8)) - {row[0] for row in kept}
    assert len(made["outer"]) == len(made["left"]) + 6 - len({row[1] for row in kept})
