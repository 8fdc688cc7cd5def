import pytest

from tk_link.wording import concepts, is_id_name, words


@pytest.mark.parametrize(
    ("column", "parts"),
    [
        ("birthYear", ["birth", "year"]),
        ("birth_year", ["birth", "year"]),
        ("HTTPStatus", ["http", "status"]),
        ("Straße Nr.", ["straße", "nr"]),
        ("名前", ["名前"]),
        ("__", []),
        ("", []),
    ],
)
def test_column_names_are_split_at_case_and_punctuation(column, parts):
    assert list(words(column)) == parts


@pytest.mark.parametrize(
    "same",
    [("zip", "postcode", "PLZ", "postal_code"), ("surname", "last_name", "Nachname"),
     ("Brand", "manufacturer", "Marke"), ("dateOfBirth", "DOB"), ("Ort", "city", "ville")],
)  # fmt: skip
def test_one_thing_shares_a_concept_whatever_its_language(same):
    assert frozenset.intersection(*(concepts(column) for column in same))


def test_words_without_a_meaning_stand_for_themselves():
    assert concepts("flavour") == {"flavour"}
    assert not concepts("flavour") & concepts("colour")


def test_only_a_name_that_begins_or_ends_with_an_id_word_names_rows():
    assert all(is_id_name(c) for c in ("id", "ID", "record_id", "idProduct", "ref", "rowId"))
    assert not any(is_id_name(c) for c in ("idea", "hidden", "name", "paid", "", "void"))
