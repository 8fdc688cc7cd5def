"""`--draws`: link sets and clusterings from the tables to the output."""

import polars as pl
import pytest

from tk.errors import UsageError
from tk_cli.main import main
from tk_link import dedupe, link


def test_link_returns_numbered_sets_that_obey_the_cardinality(firms):
    left, right = firms
    drawn = link(left, right, draws=4, how="1:1")
    assert drawn.columns == ["draw", "left_id", "right_id", "match_probability"]
    assert drawn["draw"].unique().sort().to_list() == [1, 2, 3, 4]
    assert not drawn.select(pl.struct("draw", "left_id").is_duplicated().any()).item()
    assert not drawn.select(pl.struct("draw", "right_id").is_duplicated().any()).item()
    assert drawn.equals(link(left, right, draws=4, how="1:1"))
    assert set(drawn["left_id"]) <= set(left["code"])


def test_dedupe_returns_every_row_in_each_clustering(firms):
    left, _ = firms
    rows = pl.concat([left, left.with_columns(code=pl.lit("x") + pl.col("code"))])
    drawn = dedupe(rows, draws=3)
    assert drawn.columns == ["draw", "id", "cluster_id"]
    assert len(drawn) == 3 * len(rows)
    sizes = drawn.group_by("draw", "cluster_id").len()["len"]
    assert 2 in sizes.to_list()


def test_dedupe_writes_every_scored_pair_with_its_status(firms, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    left, _ = firms
    rows = pl.concat([left, left.with_columns(code=pl.lit("x") + pl.col("code"))])
    rows.write_csv("rows.csv")
    assert main(["dedupe", "rows.csv", "-q", "-o", "o.csv", "--pairs", "p.csv", "--all"]) == 0
    pairs = pl.read_csv("p.csv")
    assert pairs.columns[2:] == ["match_probability", "pair_probability", "match_status"]
    assert set(pairs["match_status"]) == {"match", "none"}
    assert main(["dedupe", "rows.csv", "-q", "-o", "o.csv", "--pairs", "q.csv"]) == 0
    matched = pairs.filter(pl.col("match_status") == "match")
    assert pl.read_csv("q.csv").equals(matched.drop("match_status", "pair_probability"))


def test_impossible_draws_are_refused(firms, capsys):
    left, right = firms
    with pytest.raises(UsageError, match="draws is 0"):
        link(left, right, draws=0)
    with pytest.raises(UsageError, match="leave out --keep"):
        dedupe(left, draws=2, keep="best")
    assert main(["dedupe", "a.csv", "--all"]) == 2
    assert "add --pairs FILE" in capsys.readouterr().err
