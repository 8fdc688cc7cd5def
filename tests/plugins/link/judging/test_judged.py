import polars as pl
import pytest

from tk.errors import InputError
from tk_link.auditing.judgements import Journal
from tk_link.judging.judged import find_rows, read_verdicts, rows_by_name

NAMES = pl.Series(["a", "b", "c", "d"])
ROWS = rows_by_name(NAMES)


def test_rows_are_found_and_those_that_are_not_there_are_counted():
    judged = find_rows({("a", "b"): "y", ("c", "x"): "n", ("d", "a"): "u"}, ROWS, ROWS)
    assert judged.same.tolist() == [[0, 1]]
    assert judged.different.tolist() == []
    assert judged.absent == 1


def test_names_of_several_rows_name_none():
    assert rows_by_name(pl.Series(["s:1", "t:1", "t:2"]), pl.Series(["1", "1", "2"])) == {
        "s:1": 0, "t:1": 1, "t:2": 2, "2": 2,
    }  # fmt: skip


def test_contradictions_are_named_also_by_way_of_others():
    verdicts = {("a", "b"): "y", ("b", "c"): "y", ("c", "a"): "n"}
    with pytest.raises(InputError, match="c and a are judged different"):
        find_rows(verdicts, ROWS, ROWS).check(NAMES)
    find_rows({**verdicts, ("c", "a"): "u"}, ROWS, ROWS).check(NAMES)


def test_what_audit_keeps_is_read_and_the_last_word_counts(tmp_path):
    journal = Journal(tmp_path / "j.csv")
    journal.append({("a", "b"): "y", ("a", "c"): "n"})
    journal.append({("a", "b"): "n"})
    assert read_verdicts(str(journal.path)) == {("a", "b"): "n", ("a", "c"): "n"}
    with pytest.raises(InputError, match="is not there"):
        read_verdicts(str(tmp_path / "none.csv"))
