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
