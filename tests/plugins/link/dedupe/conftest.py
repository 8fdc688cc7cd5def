import polars as pl
import pytest
from clusterings import made

from tk_link.dedupe.clustering import Clustering
from tk_link.dedupe.stack import Stack, stack
from tk_link.frames import from_frame


@pytest.fixture
def people() -> Stack:
    """Five rows: two of Ann, three that stand alone."""
    frame = pl.DataFrame(
        {
            "id": ["07", "08", "09", "10", "11"],
            "name": ["Ann Berg", "Bob Cole", "Ann M. Berg", "Di Ek", "Ed Fox"],
            "city": [None, "Bonn", "Oslo", "Kiel", "Cork"],
        }
    )
    return stack([from_frame(frame, "people.csv")])


@pytest.fixture
def clustering(people: Stack) -> Clustering:
    return made(people, (0, 2, 0.93), (1, 3, 0.31))
