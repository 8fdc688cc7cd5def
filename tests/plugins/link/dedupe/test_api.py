import subprocess
import sys

import polars as pl
import pytest

import tk_link
from tk.errors import InputError, UsageError
from tk_link import dedupe
from tk_link.frames import from_frame

PEOPLE = pl.DataFrame(
    {
        "name": ["Ann Berg", "Bob Cole", "Ann Berg", "Di Ek", "Ed Fox", "Flo Gray", "Gus Hill"],
        "city": ["Oslo", "Bonn", "Oslo", "Kiel", "Cork", "Bern", "Lyon"],
    }
)
KINDS = {"polars": pl.DataFrame, "pandas": pl.DataFrame.to_pandas, "arrow": pl.DataFrame.to_arrow}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("several", [False, True])
def test_the_same_kind_of_frame_comes_back(kind, several):
    given = KINDS[kind](PEOPLE)
    out = dedupe([given, PEOPLE] if several else given)
    assert type(out) is type(given)
    table = from_frame(out, "out").frame
    assert table["name"].to_list() == PEOPLE["name"].to_list() * (1 + several)
    assert table["cluster_id"].to_list()[:3] == (
        ["table 1:0", "table 1:1", "table 1:0"] if several else ["0", "1", "0"]
    )
    assert ("source" in table.columns) == several


def test_paths_are_read_and_stacked(tmp_path):
    PEOPLE.write_csv(tmp_path / "a.csv")
    PEOPLE.write_parquet(tmp_path / "b.parquet")
    out = dedupe([tmp_path / "a.csv", str(tmp_path / "b.parquet")], across_only=True)
    assert out["source"].unique(maintain_order=True).to_list() == ["a.csv", "b.parquet"]
    assert dedupe(tmp_path / "a.csv").height == PEOPLE.height


def test_options_are_those_of_the_command_line():
    out = dedupe(PEOPLE, on="name", keep="golden", golden={"*": "longest"}, min_prob=0.9)
    assert out.height == PEOPLE.height - 1
    assert out["is_canonical"].all()


def test_rows_that_stand_alone_are_not_collapsed_into_one():
    # LinkTransformer's dedup_rows numbers all of them -1 and then drops duplicates of that.
    alone = PEOPLE.unique("name", keep="first", maintain_order=True)
    for keep in ("all", "first", "best", "golden"):
        out = dedupe(alone, keep=keep)
        assert out["name"].to_list() == alone["name"].to_list()
        assert out["cluster_id"].n_unique() == alone.height
    kept = dedupe(PEOPLE, keep="first")
    assert kept["name"].to_list() == alone["name"].to_list()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"kepe": "first"}, UsageError, "option 'kepe' not found; did you mean 'keep'"),
        ({"output": "o.csv"}, UsageError, "takes no option 'output'"),
        ({"on": ["nmae"]}, InputError, "table: column 'nmae' not found; did you mean 'name'"),
        ({"id": "name"}, InputError, "id 'Ann Berg' in column 'name' repeats, in rows 0 and 2"),
        ({"types": {"nmae": "org"}}, InputError, "column 'nmae' not found"),
        ({"keep": "golden", "golden": "latest:sene"}, InputError, "column 'sene' not found"),
        ({"keep": "golden", "golden": "x=mode"}, InputError, "column 'x' not found"),
        ({"source": "register"}, InputError, "column 'register' not found"),
        ({"across_only": True}, UsageError, "there is one; name more files, or the column"),
        ({"on": "city", "source": "city"}, InputError, "on names city alone"),
    ],
)
def test_wrong_calls(options, error, message):
    with pytest.raises(error, match=message):
        dedupe(PEOPLE, **options)


def test_no_table_is_an_error():
    with pytest.raises(UsageError, match="the list is empty"):
        dedupe([])
    with pytest.raises(InputError, match="table has columns but no rows"):
        dedupe(PEOPLE.clear())


def test_the_function_keeps_its_name_beside_the_package_of_the_same_name():
    dedupe(PEOPLE)
    assert tk_link.dedupe is dedupe
    code = "from tk_link.dedupe import pipeline; import tk_link; assert callable(tk_link.dedupe)"
    subprocess.run([sys.executable, "-c", f"import sys; sys.path = {sys.path}; {code}"], check=True)
