import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tk_link.state.identity import carry


def carried(before, cluster, *, given=None):
    known = list(dict.fromkeys(id for id in before if id is not None)) if given is None else given
    ages = pl.DataFrame(
        {"age": range(1, len(known) + 1), "cluster": known},
        schema={"age": pl.Int64, "cluster": pl.String},
    )
    return carry(
        pl.Series(before, dtype=pl.String),
        pl.Series(cluster, dtype=pl.Int64),
        names=pl.Series([f"r{row}" for row in range(len(before))]),
        ages=ages,
    )


def test_first_clusters_are_called_by_their_first_rows():
    found = carried([None] * 3, [0, 1, 0])
    assert found.ids.to_list() == ["r0", "r1", "r0"]
    assert (found.born, found.gone) == (("r0", "r1"), ())


def test_a_merged_cluster_keeps_the_older_id_even_where_the_younger_is_larger():
    found = carried(["r0", "r1", "r1", None], [0, 0, 0, 0])
    assert found.ids.to_list() == ["r0"] * 4
    assert found.gone == (("r1", "r0"),)


def test_a_split_keeps_the_id_for_the_larger_part_and_names_are_never_given_twice():
    found = carried(["r0", "r0", "r0"], [0, 1, 1])
    assert found.ids.to_list() == ["r0#2", "r0", "r0"]
    assert (found.born, found.split) == (("r0#2",), ("r0",))
    assert carried(["r0"] * 3, [0, 1, 1], given=["r0", "r0#2"]).ids[0] == "r0#3"


def test_of_equal_parts_the_one_with_the_first_row_keeps_the_id():
    assert carried(["r0", "r0"], [0, 1]).ids.to_list() == ["r0", "r1"]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12))
def test_ids_name_the_clusters_one_to_one(rows):
    first = {new: row for row, (_, new) in reversed(list(enumerate(rows)))}
    found = carried([f"r{old}" for old, _ in rows], [first[new] for _, new in rows])
    pairs = {(first[new], id) for (_, new), id in zip(rows, found.ids, strict=True)}
    assert len(pairs) == len({new for new, _ in pairs}) == len({id for _, id in pairs})
    assert {*found.ids} == ({f"r{old}" for old, _ in rows} - {o for o, _ in found.gone}) | {
        *found.born
    }


@given(st.lists(st.tuples(st.none() | st.integers(0, 4), st.integers(0, 4)), min_size=1))
def test_a_cluster_of_the_same_earlier_rows_keeps_its_id_and_no_other_does(rows):
    first = {new: row for row, (_, new) in reversed(list(enumerate(rows)))}
    before = [None if old is None else f"r{old}" for old, _ in rows]
    found = carried(before, [first[new] for _, new in rows])
    for id in {*before} - {None}:
        mine = [row for row, old in enumerate(before) if old == id]
        news = {rows[row][1] for row in mine}
        strangers = [row for row, (old, new) in enumerate(rows) if new in news and row not in mine]
        if len(news) == 1 and all(before[row] is None for row in strangers):
            assert {found.ids[row] for row in mine} == {id}
            assert id not in found.split
            assert id not in {old for old, _ in found.gone}
        elif len(news) == 1:
            assert len({found.ids[row] for row in mine}) == 1
        else:
            assert id in found.split


@given(st.lists(st.lists(st.integers(0, 3), min_size=6, max_size=6), min_size=2, max_size=5))
def test_over_many_runs_an_id_that_went_never_comes_back(runs):
    ids, known, gone = [None] * 6, [], set()
    for clusters in runs:
        found = carried(ids, [clusters.index(each) for each in clusters], given=known)
        assert not gone & {*found.ids}
        assert not {*known} & {*found.born}
        gone |= {old for old, _ in found.gone}
        ids, known = found.ids.to_list(), [*known, *found.born]
