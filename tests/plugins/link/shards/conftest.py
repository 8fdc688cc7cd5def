import polars as pl
import pytest
from registers import registers


@pytest.fixture(scope="session")
def people() -> pl.DataFrame:
    """Some 900 rows, 300 of them twice; ids say which."""
    made = registers(300, 150, 150, seed=3)
    left = made.left.with_columns(id=pl.format("L{}", pl.int_range(pl.len())))
    right = made.right.with_columns(id=pl.format("R{}", pl.int_range(pl.len())))
    return pl.concat([left, right.select(left.columns)]).select("id", pl.exclude("id"))


@pytest.fixture
def passes_propose(monkeypatch):
    """Small tables searched as large ones are."""
    monkeypatch.setattr("tk_link.shards.searching.MOST_PRODUCTS", 0.0)


@pytest.fixture(scope="session")
def file(people, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("people") / "people.parquet"
    people.write_parquet(path)
    return str(path)
