import polars as pl
import pytest

import tk_link
from tk.errors import InputError, UsageError
from tk_link import link
from tk_link.frames import from_frame


def test_public_names():
    assert tk_link.__all__ == [
        "DedupeOptions",
        "Evaluation",
        "Explanation",
        "LinkOptions",
        "Linker",
        "Lookup",
        "audit",
        "dedupe",
        "evaluate",
        "link",
        "sample_pairs",
    ]


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow"])
def test_the_same_kind_of_frame_comes_back(firms, kind):
    left, right = firms
    make = {
        "polars": pl.DataFrame,
        "pandas": pl.DataFrame.to_pandas,
        "arrow": pl.DataFrame.to_arrow,
    }
    given = make[kind](left)
    linked = link(given, right, on=["firm", ("city", "city")])
    assert type(linked) is type(given)
    table = from_frame(linked, "linked").frame
    assert table.columns[:6] == ["code", "firm", "city", "code_r", "firm_r", "city_r"]
    assert table["code"].to_list() == left["code"].to_list()


def test_paths_are_read(firms, tmp_path):
    left, right = firms
    left.write_csv(tmp_path / "left.csv")
    right.write_parquet(tmp_path / "right.parquet")
    options = {"left_on": "firm", "right_on": ["firm"]}
    linked = link(tmp_path / "left.csv", str(tmp_path / "right.parquet"), **options)
    assert isinstance(linked, pl.DataFrame)
    assert linked.height == left.height


def test_options_are_those_of_the_command_line(firms):
    pairs = link(*firms, on="firm,city", pairs=True, left_id="code", right_id="code", min_prob=0.3)
    assert pairs.columns[:3] == ["left_id", "right_id", "match_probability"]
    assert pairs["right_id"].str.starts_with("R-").all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"hwo": "1:1"}, UsageError, "option 'hwo' not found; did you mean 'how'"),
        ({"output": "o.csv"}, UsageError, "takes no option 'output'"),
        ({"on": ["frim"]}, InputError, "left: column 'frim' not found; did you mean 'firm'"),
        ({"left_on": "firm"}, UsageError, "--right-on is missing"),
    ],
)
def test_wrong_calls(firms, options, error, message):
    with pytest.raises(error, match=message):
        link(*firms, **options)
