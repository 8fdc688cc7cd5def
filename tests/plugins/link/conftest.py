import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from tk_link.fields import Field
from tk_link.frames import from_frame
from tk_link.linkage import PAIR_SCHEMA, Linkage, Skipped
from tk_link.tables import Table

FIRMS = [
    ("0041", "Nordwind Logistik GmbH", "Hamburg"),
    ("0042", "Bakery O'Neill & Sons", "Dublin"),
    ("0043", 'Café "Zur Sonne"', "Wien"),
    ("0044", "Übersee Textil AG", "Bremen"),
    ("0045", "Atelier Fontaine\nSARL", "Lyon"),
    ("0046", "שלום תקשורת", "Haifa"),
    ("0047", "Sakura Foods 😀 KK", "Osaka"),
    ("0048", "Hargreaves Instruments Ltd", "Leeds"),
    ("0049", "Kowalski Transport", "Gdańsk"),
    ("0050", "Meridian Analytics Inc", "Boston"),
    ("0051", "Quarry Lane Brewing", "Sheffield"),
    ("0052", "Pinheiro Móveis Ltda", "Porto"),
]

KINDS = {"match": "same", "review": "same", "variant": "variant", "none": "different"}

Decide = Callable[..., Linkage]


@pytest.fixture
def left() -> Table:
    """Five firms; the first two have partners, the others show every way to have none."""
    return from_frame(
        pl.DataFrame(
            {"id": ["01", "02", "03", "04", "05"], "name": ["Ann", "Bob", "Cy", "Di", "Ed"]}
        ),
        "left.csv",
    )


@pytest.fixture
def right() -> Table:
    return from_frame(
        pl.DataFrame({"id": [7, 8, 9], "name": ["Anne", "Rob", "Zoe"], "city": ["X", "Y", None]}),
        "right.csv",
    )


@pytest.fixture
def decide() -> Decide:
    """Make the outcome of a run by hand: rows of (left, right, probability, status)."""

    def make(
        *rows: tuple[int, int, float, str], why: list[str] | None = None, **more: object
    ) -> Linkage:
        full, seen = [], {}
        for left_row, right_row, probability, status in rows:
            rank = seen[left_row] = seen.get(left_row, 0) + 1
            kind = KINDS.get(status)
            full.append((left_row, right_row, probability, 1.23456, status, kind, rank, 0.25))
        pairs = pl.DataFrame(full, schema=PAIR_SCHEMA, orient="row")
        if why is not None:
            pairs = pairs.with_columns(match_why=pl.Series(why, dtype=pl.String))
        options = {
            "fields": (Field("name", "name", "name", why="same name"),),
            "skipped": (Skipped("left", "id", "names rows"),),
            "left_id": "id",
            "right_id": None,
            "candidates": 12,
            "how": "1:1",
            "how_reason": "no name repeats",
            "cut": 0.5,
            "cut_reason": "default",
            "precision": 0.91,
            "precision_range": (0.85, 0.95),
        }
        return Linkage(pairs=pairs, **(options | more))

    return make


@pytest.fixture
def linkage(decide: Decide) -> Linkage:
    return decide(
        (0, 0, 0.99, "match"),
        (1, 1, 0.62, "review"),
        (2, 1, 0.58, "lost"),
        (3, 2, 0.3, "none"),
    )


@pytest.fixture
def firms() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Two registers of the same firms; the right one misses two and has codes of its own."""
    left = pl.DataFrame(FIRMS, schema=["code", "firm", "city"], orient="row")
    right = (
        left.reverse()
        .slice(1, 10)
        .with_columns(
            code="R-" + pl.col("code").str.reverse(),
            firm=pl.col("firm").str.replace("Ltd", "Limited"),
        )
    )
    return left, right


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder in which this process may not write, root or not."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(65534)
        yield Path(folder)
        if is_root:
            os.seteuid(0)
