import polars as pl

from tk_link.comparing import described
from tk_link.fields import Field
from tk_link.frames import from_frame

THINGS = pl.DataFrame(
    {"title": ["Drill 12V", "Saw"], "made": ["2001", "2003"], "modelno": ["X1", None]}
)


def tables(frame):
    return from_frame(frame, "left"), from_frame(frame, "right")


def test_things_are_described_by_texts_and_model_numbers():
    title = Field("title", "title", "text")
    fields = [title, Field("modelno", "modelno", "code"), Field("made", "made", "date")]
    named, whole = described.texts(*tables(THINGS), fields, title)
    assert named[0].to_list() == ["Drill 12V", "Saw"]
    assert whole[1].to_list() == ["Drill 12V ; X1", "Saw"]
    assert described.years(*tables(THINGS), fields)[0][0].to_list() == [2001, 2003]


def test_people_and_addresses_are_not_things():
    name, street = Field("title", "title", "name"), Field("title", "title", "address")
    text = Field("title", "title", "text")
    assert described.texts(*tables(THINGS), [name], name) is None
    assert described.texts(*tables(THINGS), [text, name], text) is None
    assert described.texts(*tables(THINGS), [street, text], street) is None


def test_a_birth_year_is_not_the_year_of_a_thing():
    people = pl.DataFrame({"birthYear": ["1950"], "released": ["2001"]})
    fields = [Field("birthYear", "birthYear", "date"), Field("released", "released", "date")]
    assert [y[0].to_list() for y in described.years(*tables(people), fields)] == [[2001]]
