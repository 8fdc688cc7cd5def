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
from tk_link.dense import choice as choice_module

TWO_CORES = Hardware(cores=2)


def choose(overlap, *, rows=(1_000, 1_000), chars=40.0, encoder="minilm", hardware=TWO_CORES):
    return choose_retrieval(rows, chars, overlap, encoder=encoder, hardware=hardware)


@pytest.mark.parametrize(
    ("overlap", "retrieval", "says"),
    [
        (0.9, "lexical", "share 90% of their words: letters find the pairs"),
        (0.2, "hybrid", "may find what letters miss"),
        (0.0, "hybrid", "share 0% of their words"),
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
    assert choice.warnings == (f"letters alone were compared: {choice.reason}",)
    assert not choose(0.9, encoder=None).warnings
    assert 'pip install "transformer-tk[minilm]"' in choice.reason
    assert "pip" not in choose(0.9, encoder=None).reason


def test_codes_have_no_meaning():
    for found in (choose(0.0, chars=3.0), choose(None)):
        assert (found.retrieval, found.warnings) == ("lexical", ())


def test_small_tables_tell_nothing_by_their_words():
    choice = choose(0.0, rows=(29, 1_000))
    assert (choice.retrieval, choice.warnings) == ("lexical", ())


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
    assert word_overlap(a, pl.Series(["other"])) == 0
    assert word_overlap(a, pl.Series(["17 a", None])) is None
    assert word_overlap(a, pl.Series([None], dtype=pl.String)) is None
    assert word_overlap(a, a) == 1


def test_the_overlap_of_large_tables_is_found_on_a_sample_where_that_is_enough(monkeypatch):
    rows = pl.Series([f"word{n % 1000} other" for n in range(300_000)])
    assert word_overlap(rows, pl.Series(["other"])) == pytest.approx(1.0)
    read = []
    monkeypatch.setattr(choice_module, "_words", lambda texts: read.append(len(texts)) or texts)
    assert word_overlap(rows, rows, enough=0.9) == 1
    assert max(read) <= 20_000


def test_what_a_sample_misses_is_looked_for_in_all_rows():
    left = pl.Series([f"wort{chr(97 + n % 26)}{n}" for n in range(50_000)])
    assert word_overlap(left, left.reverse(), enough=0.35) == 1


def test_an_encoder_that_does_not_read_the_language_is_not_asked():
    choice = choose_retrieval((99, 99), 40.0, 0.0, encoder="minilm", hardware=TWO_CORES, reads=0.06)
    assert choice.retrieval == "lexical"
    assert "minilm knows only 6% of the words" in choice.reason
    assert "multilingual encoder, given with --model" in choice.reason


def test_the_share_in_a_vocabulary_counts_longer_words_without_accents():
    words = frozenset({"old", "bakery", "markt"})
    assert share_in(words, pl.Series(["Bäkery old Markt", "Fluss", None])) == pytest.approx(2 / 3)
    assert share_in(words, pl.Series(["old 17", None])) == 1
    assert share_in(words, pl.Series([None], dtype=pl.String)) == 1


GERMAN = pl.Series(["Alte Bäckerei am Markt", "Neue Werft im Hafen"] * 20)
ENGLISH = pl.Series(["Old Bakery on the Market", "New Shipyard in the Harbour"] * 20)


@pytest.mark.parametrize("is_installed", [True, False])
def test_the_plan_reads_the_texts(monkeypatch, is_installed):
    monkeypatch.setattr(planning, "is_packaged_model_installed", lambda: is_installed)
    monkeypatch.setattr(planning, "_read_by_packaged", lambda *_: 0.9)
    assert plan_retrieval(ENGLISH, ENGLISH.clone()).retrieval == "lexical"
    choice = plan_retrieval(GERMAN, ENGLISH)
    assert choice.retrieval == ("hybrid" if is_installed else "lexical")
    assert "share 0% of their words" in choice.reason


def test_the_plan_obeys():
    assert plan_retrieval(GERMAN, ENGLISH, asked="hybrid").retrieval == "hybrid"
    choice = plan_retrieval(ENGLISH, ENGLISH, model="org/name")
    assert (choice.retrieval, choice.reason) == ("hybrid", "--model org/name was given")
    assert choice.seconds > 0
    assert plan_retrieval(GERMAN, ENGLISH, asked="lexical").seconds == 0


def test_one_table_shares_its_words_with_itself():
    choice = plan_retrieval(ENGLISH, ENGLISH)
    assert (choice.retrieval, choice.reason) == (
        "lexical", "the rows of one table share their wording"
    )  # fmt: skip
