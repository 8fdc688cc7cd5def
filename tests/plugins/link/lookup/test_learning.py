import numpy as np
import pytest

from tk_link.lookup.learning import learn
from tk_link.lookup.slips import Writer


def test_the_same_seed_learns_the_same(index):
    assert learn(index, seed=0).model.to_json() == index.model.to_json()
    assert learn(index, seed=1).model.to_json() != index.model.to_json()


def test_evidence_never_falls_as_similarity_rises(index):
    assert (np.diff(index.model.additive.evidence[:, 1:], axis=1) >= -1e-9).all()


def test_stated_probabilities_come_true_on_records_never_learnt_from(index, table):
    writer = Writer(
        {c.name: table.text[c.name].to_list() for c in index.columns}, index.name_columns, seed=99
    )
    stated, true = [], []
    for number in range(240):
        row, is_there = number, number % 2 == 0
        rows, values = index.compare(writer.write(row), without=None if is_there else row)
        if len(rows):
            best = index.judge(rows, values)[0]
            stated.append(best.probability)
            true.append(best.row == row)
    assert np.mean(stated) == pytest.approx(np.mean(true), abs=0.08)
    sure = np.array(stated) >= 0.9
    assert np.mean(np.array(true)[sure]) > 0.9


def test_slips_change_some_values_and_leave_most(table):
    rows = {c: table.text[c].to_list() for c in ("first_name", "last_name", "city", "email")}
    writer = Writer(rows, ("first_name", "last_name"), seed=0)
    queries = [writer.write(n) for n in range(300)]
    kept = [
        value == rows[column][n]
        for n, query in enumerate(queries)
        for column, (value,) in query.values.items()
    ]
    assert 0.6 < np.mean(kept) < 0.85
    assert {bool(query.text) for query in queries} == {True, False}


def test_values_of_any_kind_can_be_written():
    rows = {"a": ["", None, "x", "ab", "ß😀", "a b c d e f g h"], "b": [None] * 6}
    writer = Writer(rows, ("a",), seed=3)
    for _ in range(100):
        for row in range(6):
            writer.write(row)
