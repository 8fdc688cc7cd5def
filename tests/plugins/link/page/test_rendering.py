import re
from dataclasses import replace

import polars as pl
import pytest

from tk_link.config import LinkConfig
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.pipeline import run_closely as search
from tk_link.dedupe.settings import DedupeSettings
from tk_link.dedupe.stack import stack
from tk_link.frames import from_frame
from tk_link.page.content import Recipe
from tk_link.page.deduped import dedupe_page
from tk_link.page.linked import link_page
from tk_link.page.parts import chance, percent
from tk_link.page.rendering import render
from tk_link.pipeline import run_closely

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"


def hostile(rows: int) -> pl.DataFrame:
    """Markup, both directions, emoji, control characters and long texts, in cells and names."""
    return pl.DataFrame(
        {
            "id": [f'{n}"><script>' for n in range(rows)],
            f"{HOSTILE} name": [f"{HOSTILE} firm {n * 7919 % 1000} {n}" for n in range(rows)],
            'שם" onload="alert(1)': [
                f"שלום {n} مرحبا 👨\u200d👩 \x00\x1b{n * 31}" for n in range(rows)
            ],
            "long": [f"{n} " + "x" * 5_000 for n in range(rows)],
        }
    )


@pytest.fixture(scope="module")
def documents():
    """The pages of a linkage and of a search, everything in them hostile."""
    one, other = from_frame(hostile(25), f"{HOSTILE}.csv"), from_frame(hostile(20), "r")
    recipes = (Recipe("Command", f"tk link '{HOSTILE}'"),)
    run = run_closely(one, other, LinkConfig())
    run = replace(run, linkage=replace(run.linkage, warnings=(HOSTILE,)))
    stacked = stack([one])
    found = search(stacked.table, DedupeConfig(min_prob=0.01))
    return (
        render(link_page(run, one, other, recipes)),
        render(dedupe_page(found, stacked, DedupeSettings(), recipes)),
    )


def test_hostile_text_stays_text(documents, read_page):
    for document in documents:
        page = read_page(document)
        assert page.tags.count("script") == 1
        assert "img" not in page.tags
        assert " onerror=" not in re.sub(r">[^<]*<", "><", document)
        assert any("<script>document.title='owned'</script>" in words for words in page.words)


def test_the_page_asks_the_network_for_nothing(documents):
    for document in documents:
        assert "default-src 'none'" in document
        outside = re.sub(r'xmlns="http://www.w3.org/2000/svg"', "", document)
        assert not re.search(r"(https?:)?//[a-z]", re.sub(r">[^<]*<", "><", outside))
        assert "url(" not in document
        assert "@import" not in document


def test_long_texts_do_not_make_a_long_page(documents):
    assert max(map(len, documents)) < 200_000


def test_control_characters_are_gone(documents):
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", documents[0])


def test_every_id_is_one_of_a_kind_and_every_reference_has_its_own(documents, read_page):
    for document in documents:
        ids = read_page(document).ids
        assert len(ids) == len(set(ids))
        references = re.findall(r'(?:aria-labelledby|aria-controls)="([^"]+)"', document)
        references += re.findall(r'href="#([^"]+)"', document)
        assert references
        assert set(references) <= set(ids)


def test_all_tags_are_closed(documents, read_page):
    for document in documents:
        for tag in ("table", "tr", "td", "th", "section", "details", "svg", "bdi", "article"):
            assert document.count(f"<{tag}") - document.count(f"</{tag}>") == document.count(
                "<thead"
            ) * (tag == "th"), tag


def test_a_table_of_many_columns_keeps_a_small_page():
    wide = pl.DataFrame({f"c{n}": [f"v{n} {i * n % 17}" for i in range(4)] for n in range(150)})
    table = from_frame(wide, "wide")
    run = run_closely(table, table, LinkConfig())
    document = render(link_page(run, table, table, ()))
    assert len(document) < 150_000
    assert f"and {len(run.features.names) - 60} more" in document


def test_no_probability_is_rounded_to_certainty():
    shown = [chance(p) for p in (0, 1e-6, 0.5, 0.99999, 1)]
    assert shown == ["0.000", "<0.001", "0.500", ">0.999", "1.000"]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.9999, ">99.9%"),
        (0.0001, "<0.1%"),
        (0.5, "50.0%"),
        (0.123, "12.3%"),
    ],
)
def test_no_share_is_rounded_to_all_or_nothing(share, text):
    assert percent(share) == text
