import random
from importlib import import_module

import pytest

SETS = ("products", "citations", "branches", "addresses-de-en")


@pytest.mark.parametrize("name", SETS)
def test_gold_points_at_rows_and_the_seed_decides(name: str) -> None:
    make = import_module("more").MAKERS[name]
    made, again = make(random.Random(1)), make(random.Random(1))
    assert made == again
    left, right = {row[0] for row in made.left}, {row[0] for row in made.right}
    assert len(left) == len(made.left)
    assert len(right) == len(made.right)
    assert all(a in left and b in right for a, b in made.gold)
    assert {len(row) for row in made.left} == {len(made.left_columns)}


def test_branches_are_many_to_one() -> None:
    made = import_module("more").MAKERS["branches"](random.Random(1))
    assert len({a for a, _ in made.gold}) == len(made.gold) == 2400
    assert len({b for _, b in made.gold}) < 800


def test_thinned_keeps_a_share_of_the_matches_and_one_row_of_every_other() -> None:
    linkset = import_module("made.linkset")
    views = [(n, (str(n),)) for n in range(100)]
    full = linkset.linked(("x",), ("x",), views, views, random.Random(0))
    thin = linkset.thinned(full, 0.1, random.Random(0))
    assert len(thin.gold) == 10
    assert set(thin.gold) <= set(full.gold)
    assert (len(thin.left), len(thin.right)) == (55, 55)
    values = [{row[1] for row in rows} for rows in (thin.left, thin.right)]
    assert len(values[0] & values[1]) == 10


def test_the_two_languages_of_a_set_share_no_word() -> None:
    for name, make in import_module("crosslingual").MAKERS.items():
        made = make(random.Random(1))
        assert len(made.gold) == 480
        words = [{w for row in rows for w in row[1].split()} for rows in (made.left, made.right)]
        assert not words[0] & words[1], name
