"""`tk diff` on small clusterings."""

import json

import polars as pl
import pytest

from tk.errors import InputError
from tk_cli.main import main
from tk_link.changes.comparison import compare
from tk_link.changes.memberships import Memberships, read_memberships


def clustering(clusters, name="run"):
    rows = {"row": [*clusters], "cluster": [*clusters.values()]}
    return Memberships(name, pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.String)))


def named(text):
    """Read ``ab c`` as rows a and b in cluster a, c in cluster c."""
    return clustering({row: part[0] for part in text.split() for row in part})


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("ab c d", "ab c d", []),
        ("ab c d", "abc d", [("merged", "a", "a", 2), ("merged", "c", "a", 1)]),
        ("abc d", "ab c d", [("split", "a", "a", 2), ("split", "a", "c", 1)]),
        ("ab cd", "a bcd",
         [("moved", "a", "a", 1), ("moved", "a", "b", 1), ("moved", "c", "b", 2)]),
    ],
)  # fmt: skip
def test_changes_are_told_apart(before, after, changes):
    found = compare(named(before), named(after))
    assert found.changes.rows() == changes
    assert found.is_same == (not changes)


def test_another_id_for_the_same_rows_is_a_renaming():
    found = compare(clustering({"a": "1", "b": "1"}), clustering({"a": "2", "b": "2"}))
    assert found.changes.rows() == [("renamed", "1", "2", 2)]
    assert found.is_same


def test_rows_that_came_and_went_are_counted_and_not_compared():
    found = compare(named("abx"), named("abyz"))
    assert (found.shared, found.came, found.went, found.is_same) == (2, 2, 1, True)
    with pytest.raises(InputError, match="no row in common"):
        compare(named("ab"), named("xy"))


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = pl.DataFrame({"cluster_id": ["1", "1", "3"], "id": ["1", "2", "3"], "name": ["A"] * 3})
    one.write_csv("one.csv")
    one.with_columns(cluster_id=pl.Series(["1", "2", "3"])).write_csv("two.csv")


def test_table_summary_json_and_exit_codes(outputs, capsys):
    assert main(["diff", "one.csv", "two.csv"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "change,before,after,rows\nsplit,1,1,1\nsplit,1,2,1\n"
    assert "split       1 fell into parts" in captured.err
    assert main(["diff", "one.csv", "two.csv", "--exit-code", "--json", "-q"]) == 5
    assert json.loads(capsys.readouterr().out)["split"] == 1
    assert main(["diff", "one.csv", "one.csv", "--exit-code", "-q", "-o", "d.csv"]) == 0
    assert pl.read_csv("d.csv").is_empty()


def test_wrong_inputs_are_said(outputs, capsys):
    assert main(["diff", "one.csv"]) == 2
    assert main(["diff", "one.csv", "two.csv", "--id", "name"]) == 3
    assert "every row needs a name of its own, and 'name' does not" in capsys.readouterr().err
    pl.DataFrame({"id": ["1"]}).write_csv("plain.csv")
    assert main(["diff", "one.csv", "plain.csv"]) == 3
    assert "has no column cluster_id" in capsys.readouterr().err


def test_rows_are_named_by_their_id_within_their_source(tmp_path):
    frame = pl.DataFrame({"cluster_id": ["x", "y"], "source": ["a", "b"], "id": ["1", "1"]})
    frame.write_csv(tmp_path / "out.csv")
    rows = read_memberships(str(tmp_path / "out.csv")).rows
    assert rows["row"].to_list() == ["a:1", "b:1"]
