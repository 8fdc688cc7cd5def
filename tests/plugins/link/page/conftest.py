"""Runs over small registers, made once, and a way to read a page as text."""

from html.parser import HTMLParser

import polars as pl
import pytest
from registers import registers

from tk_link.config import LinkConfig
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.pipeline import run_closely as search
from tk_link.dedupe.stack import stack
from tk_link.frames import from_frame
from tk_link.pipeline import run_closely


class Text(HTMLParser):
    """The tags of a page, and the words between them."""

    def __init__(self):
        super().__init__()
        self.tags, self.ids, self.words = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.ids += [value for name, value in attributes if name == "id"]

    def handle_data(self, data):
        self.words.append(data.strip())


@pytest.fixture(scope="session")
def read_page():
    """Parse a page."""

    def read(document):
        page = Text()
        page.feed(document)
        page.close()
        return page

    return read


@pytest.fixture(scope="session")
def linked():
    """A linkage of two registers with 60 people in both: the run and its tables."""
    made = registers(60, 30, 30, seed=4)
    left, right = from_frame(made.left, "crm.csv"), from_frame(made.right, "shop.csv")
    return run_closely(left, right, LinkConfig()), left, right


@pytest.fixture(scope="session")
def searched():
    """A search for duplicates in one register with 60 people in it twice."""
    made = registers(60, 30, 30, seed=4)
    both = pl.concat([made.left, made.right.rename({"town": "city"})], how="diagonal")
    stacked = stack([from_frame(both, "people.csv")])
    return search(stacked.table, DedupeConfig()), stacked
