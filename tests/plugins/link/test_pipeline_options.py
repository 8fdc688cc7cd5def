"""Whole runs on made tables: what options do to the result."""

import polars as pl
import pytest
from registers import registers

from tk.errors import InputError, QualityError
from tk_link import pipeline
from tk_link.config import LinkConfig
from tk_link.frames import from_frame

ACCEPTED = pl.col("match_status").is_in(["match", "review"])


def run(left, right, **options):
    tables = (from_frame(pl.DataFrame(t), name) for t, name in ((left, "left"), (right, "right")))
    return pipeline.run(*tables, LinkConfig(**options))


@pytest.fixture(scope="module")
def people():
    return registers(100, 40, 40)


@pytest.fixture(scope="module")
def doubtful():
    """Two fields that many people share: names without dates of birth or streets."""
    tables = registers(120, 100, 100, seed=9)
    keep = ["first_name", "surname"]
    return tables.left.select(keep), tables.right.select(keep)


def values(frame, linkage, column, row):
    return frame[column].gather(linkage.pairs.filter(ACCEPTED)[row])


def test_required_columns_agree_in_every_pair(people):
    linkage = run(people.left, people.right, require=("town",))
    left = values(people.left, linkage, "town", "left_row")
    assert left.to_list() == values(people.right, linkage, "town", "right_row").to_list()
    assert len(left) > 70


def test_forbidden_conflicts_do_not_occur_but_gaps_may(people):
    linkage = run(people.left, people.right, forbid_conflict=("born",))
    left = values(people.left, linkage, "born", "left_row")
    right = values(people.right, linkage, "born", "right_row")
    assert (left == right).fill_null(True).all()
    assert left.null_count() > 0


def test_blocks_are_obeyed_and_a_row_without_key_finds_nobody(people):
    linkage = run(people.left, people.right, block=(("town",),), all_pairs=True)
    towns = people.left["town"].gather(linkage.pairs["left_row"])
    others = people.right["town"].gather(linkage.pairs["right_row"])
    assert towns.to_list() == others.to_list()
    assert people.left["town"].null_count() > 0


@pytest.mark.parametrize("option", ["require", "forbid_conflict"])
def test_rules_on_columns_that_are_not_compared_are_refused(people, option):
    with pytest.raises(InputError, match=r"town.*not compared"):
        run(people.left, people.right, on=(("surname", "surname"),), **{option: ("town",)})


def test_a_reachable_precision_is_reached_by_moving_the_cut(doubtful):
    plain = run(*doubtful)
    strict = run(*doubtful, precision=min(plain.precision + 0.01, 0.99))
    assert strict.precision >= min(plain.precision + 0.01, 0.99)
    assert strict.cut > plain.cut
    assert "--precision" in strict.cut_reason


def test_an_unreachable_precision_is_refused_with_what_is_possible():
    tables = registers(0, 80, 80, seed=10)
    keep = ["first_name", "town"]
    with pytest.raises(QualityError, match=r"precision 0.999 cannot be reached.*estimated 0\.\d\d"):
        run(tables.left.select(keep), tables.right.select(keep), precision=0.999)


def test_a_lower_cut_accepts_no_less(doubtful):
    low = run(*doubtful, min_prob=0.1).pairs.filter(ACCEPTED)["match_probability"]
    middle = float(low.median())
    high = run(*doubtful, min_prob=middle).pairs.filter(ACCEPTED)["match_probability"]
    assert 0 < len(high) < len(low)
    assert high.min() >= middle


def test_pairs_in_the_review_band_are_set_aside(doubtful):
    pairs = run(*doubtful, review_band=(0.2, 0.95)).pairs
    review = pairs.filter(match_status="review")["match_probability"]
    assert len(review) > 0
    assert review.is_between(0.2, 0.95, closed="left").all()
    assert (pairs.filter(match_status="match")["match_probability"] >= 0.95).all()


def test_top_bounds_the_partners_of_a_left_row():
    tables = registers(50, 10, 10, copies=3, seed=7)
    free = run(tables.right, tables.left, how="1:m").pairs.filter(ACCEPTED)
    assert free["left_row"].value_counts()["count"].max() >= 3
    for top in (1, 2):
        pairs = run(tables.right, tables.left, how="1:m", top=top).pairs.filter(ACCEPTED)
        assert pairs["left_row"].value_counts()["count"].max() == top
        assert pairs["match_rank"].max() <= top


def test_all_pairs_shows_every_candidate(people):
    linkage = run(people.left, people.right, all_pairs=True)
    assert linkage.pairs.height == linkage.candidates
    assert set(linkage.pairs["match_status"]) >= {"match", "none"}


def test_a_row_that_loses_its_partner_to_a_better_one_is_lost():
    tables = registers(100, 20, 20, seed=11)
    double = pl.concat([tables.left, tables.left[:5].with_columns(town=pl.lit("Ulm"))])
    pairs = run(double, tables.right, how="1:1").pairs
    late = pairs.filter(pl.col("left_row") >= double.height - 5)
    assert "lost" in late["match_status"].to_list()


@pytest.fixture(scope="module")
def twins():
    """Every left person stands twice, word for word, in the first five cases."""
    tables = registers(80, 20, 20, seed=12)
    exact = tables.right[:80]
    return pl.concat([exact, exact[:5]]), tables.right


def test_exact_duplicates_are_ties_that_nobody_wins_by_default(twins):
    pairs = run(*twins, how="1:1").pairs
    assert pairs.filter(match_status="tie")["left_row"].to_list() == [*range(5), *range(80, 85)]
    assert pairs.filter(ACCEPTED)["left_row"].to_list() == list(range(5, 80))


def test_the_first_of_exact_duplicates_wins_if_so_wished(twins):
    pairs = run(*twins, how="1:1", ties="first").pairs.filter(ACCEPTED)
    assert pairs["left_row"].to_list() == list(range(80))
    assert pairs["right_row"].is_unique().all()


def test_all_exact_duplicates_win_if_so_wished(twins):
    pairs = run(*twins, how="1:1", ties="all").pairs.filter(ACCEPTED)
    assert pairs["left_row"].to_list() == list(range(85))


def test_ties_are_no_question_where_left_rows_may_share_a_partner(twins):
    pairs = run(*twins, how="m:1").pairs.filter(ACCEPTED)
    assert pairs["left_row"].to_list() == list(range(85))


@pytest.mark.parametrize("explain", ["text", "json", "columns"])
def test_explanations_stand_beside_their_pairs(people, explain):
    pairs = run(people.left, people.right, explain=explain).pairs
    why = [c for c in pairs.columns if c.startswith(("match_why", "why_"))]
    assert len(why) == (1 if explain != "columns" else len(why))
    assert why
    if explain == "text":
        assert pairs["match_why"].str.contains("prior").all()


def test_a_weight_gives_a_column_more_say(doubtful):
    plain = run(*doubtful, explain="columns").pairs
    heavy = run(*doubtful, explain="columns", weights=(("surname", 5.0),)).pairs
    spread = [p["why_surname"].max() - p["why_surname"].min() for p in (plain, heavy)]
    assert spread[1] > spread[0]
