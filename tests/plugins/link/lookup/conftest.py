import numpy as np
import polars as pl
import pytest

from tk_link.frames import from_frame
from tk_link.lookup.building import build_index
from tk_link.lookup.index import Index
from tk_link.tables import Table

FIRST = ["Anna", "Bruno", "Clara", "David", "Elena", "Felix", "Greta", "Hugo", "Irina", "Jonas"]
LAST = ["Abel", "Brandt", "Conrad", "Dietz", "Ebert", "Franke", "Gruber", "Hahn", "Iske", "Jung"]
CITIES = ["Hamburg", "Köln", "Wien", "Zürich", "Bremen", "Graz", "Basel"]


def people(rows: int = 300, seed: int = 0) -> Table:
    """Made people: names repeat, mail addresses do not."""
    rng = np.random.default_rng(seed)
    first, last = rng.choice(FIRST, rows), rng.choice(LAST, rows)
    days = rng.integers(0, 18_000, rows).astype("timedelta64[D]") + np.datetime64("1950-01-02")
    return from_frame(
        pl.DataFrame(
            {
                "id": [f"P{n:04}" for n in range(rows)],
                "first_name": first,
                "last_name": last,
                "born": days.astype(str),
                "street": [f"{rng.choice(LAST)}weg {rng.integers(1, 99)}" for _ in range(rows)],
                "city": rng.choice(CITIES, rows),
                "email": [
                    f"{a}.{b}{n}@post.de".lower()
                    for n, (a, b) in enumerate(zip(first, last, strict=True))
                ],
            }
        ),
        "people.csv",
    )


@pytest.fixture(scope="session")
def table() -> Table:
    return people()


@pytest.fixture(scope="session")
def index(table: Table) -> Index:
    return build_index(table)


@pytest.fixture
def record(table: Table):
    """Row 17 as a query's values."""
    row = table.text.row(17, named=True)
    return {column: (value,) for column, value in row.items() if column != "id"}
