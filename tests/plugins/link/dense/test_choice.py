import polars as pl
import pytest

from tk_link.dense import (
    Hardware,
    choose_retrieval,
    encoding_seconds,
    plan_retrieval,
    planning,
    share_in,
    word_overlap,
)

TWO_CORES = Hardware(cores=2)


def choose(overlap, *, rows=(1_000, 1_000), chars=40.0, encoder="minilm", hardware=TWO_CORES):
    return choose_retrieval(rows, chars, overlap, encoder=encoder, hardware=hardware)


@pytest.mark.parametrize(
    ("overlap", "retrieval", "says"),
    [
        (0.9, "lexical", "share 90% of their words: letters find the pairs"),
        (0.2, "hybrid", "letters miss pairs"),
        (0.0, "dense", "only meaning"),
    ],
)
def test_the_shared_words_decide(overlap, retrieval, says):
    choice = choose(overlap)
    assert choice.retrieval == retrieval
    assert says in choice.reason
    assert (choice.seconds > 0) == (retrieval != "lexical")


def test_without_an_encoder_the_reason_says_how_to_get_one():
    choice = choose(0.1, encoder=None)
    assert choice.retrieval == "lexical"
    assert 'pip install "transformer-tk[minilm]"' in choice.reason
    assert "pip" not in choose(0.9, encoder=None).reason


def test_codes_have_no_meaning():
    assert choose(0.0, chars=3.0).retrieval == "lexical"


def test_what_would_take_too_long_is_left_out_and_said():
    choice = choose(0.2, rows=(1_000_000, 1_000_000))
    assert choice.retrieval == "lexical"
    assert "33 minutes; --retrieve hybrid does it all the same" in choice.reason
    assert choose(0.2, rows=(1_000_000,) * 2, hardware=Hardware(2, gpu=True)).retrieval == "hybrid"


def test_the_estimate_grows_with_text_and_shrinks_with_cores():
    assert encoding_seconds(1_000, 40, TWO_CORES) == pytest.approx(1.0)
    assert encoding_seconds(1_000, 80, Hardware(4)) == pytest.approx(1.0)


def test_overlap_counts_words_and_neither_numbers_nor_letters():
    a = pl.Series(["Alte Bäckerei 17 a", None, "Markt Apotheke"])
    assert word_overlap(a, pl.Series(["BÄCKEREI am Markt 17 a"])) == pytest.approx(2 / 3)
    assert word_overlap(a, pl.Series(["17 a", None])) == 0
    assert word_overlap(a, pl.Series([None], dtype=pl.String)) == 0
    assert word_overlap(a, a) == 1


def test_the_overlap_of_large_tables_is_sampled():
    rows = pl.Series([f"word{n % 1000} other" for n in range(300_000)])
    assert word_overlap(rows, pl.Series(["other"])) == pytest.approx(1.0)
    assert word_overlap(rows, rows) == 1


def test_an_encoder_that_does_not_read_the_language_is_not_asked():
    choice = choose_retrieval((10, 10), 40.0, 0.0, encoder="minilm", hardware=TWO_CORES, reads=0.06)
    assert choice.retrieval == "lexical"
    assert "minilm knows only 6% of the words" in choice.reason
    assert "multilingual encoder, given with --model" in choice.reason


def test_the_share_in_a_vocabulary_counts_longer_words_without_accents():
    words = frozenset({"old", "bakery", "markt"})
    assert share_in(words, pl.Series(["Bäkery old Markt", "Fluss", None])) == pytest.approx(2 / 3)
    assert share_in(words, pl.Series(["old 17", None])) == 1
    assert share_in(words, pl.Series([None], dtype=pl.String)) == 1


GERMAN = pl.Series(["Alte Bäckerei am Markt", "Neue Werft im Hafen"])
ENGLISH = pl.Series(["Old Bakery on the Market", "New Shipyard in the Harbour"])


@pytest.mark.parametrize("is_installed", [True, False])
def test_the_plan_reads_the_texts(monkeypatch, is_installed):
    monkeypatch.setattr(planning, "is_packaged_model_installed", lambda: is_installed)
    monkeypatch.setattr(planning, "_read_by_packaged", lambda *_: 0.9)
    assert plan_retrieval(ENGLISH, ENGLISH).retrieval == "lexical"
    choice = plan_retrieval(GERMAN, ENGLISH)
    assert choice.retrieval == ("dense" if is_installed else "lexical")
    assert "share 0% of their words" in choice.reason


def test_the_plan_obeys():
    assert plan_retrieval(GERMAN, ENGLISH, asked="hybrid").retrieval == "hybrid"
    choice = plan_retrieval(ENGLISH, ENGLISH, model="org/name")
    assert (choice.retrieval, choice.reason) == ("hybrid", "--model org/name was given")
