import numpy as np
import polars as pl
import pytest


@pytest.fixture
def run():
    """A run of 400 left rows with its scored pairs, and which of them are true."""
    rng = np.random.default_rng(5)
    size = 4_000
    chance = 1 / (1 + np.exp(-rng.normal(-6, 4, size)))
    frame = pl.DataFrame(
        {
            "left_id": [f"a{n % 400:03d}" for n in range(size)],
            "right_id": [f"b{n // 400}-{n % 400:03d}" for n in range(size)],
            "match_probability": chance,
            "match_status": np.where(chance >= 0.5, "match", "none"),
        }
    )
    true = rng.random(size) < chance
    pairs = frame.select("left_id", "right_id").rows()
    return frame, {pair: "y" if found else "n" for pair, found in zip(pairs, true, strict=True)}


@pytest.fixture
def tables(run, tmp_path, monkeypatch):
    """The run's files, in the folder in which the test works."""
    monkeypatch.chdir(tmp_path)
    frame, _ = run
    frame.write_csv("pairs.csv")
    for side in ("left", "right"):
        ids = frame[f"{side}_id"].unique().sort()
        table = pl.DataFrame({"id": ids, "name": [f"{side} {id_}" for id_ in ids]})
        table.write_csv(f"{side}.csv")
    return tmp_path
