import polars as pl
import pytest

from tk_link.fields import Field
from tk_link.forms import forms_of, sound
from tk_link.frames import from_frame


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("smith", "smyth"),
        ("catherine", "kathryn"),
        ("philip", "filip"),
        ("knight", "night"),
        ("jackson", "jakson"),
        ("mueller", "miller"),
        ("anne marie", "ann marie"),
    ],
)
def test_names_that_sound_alike_are_written_alike(a, b):
    one, other = sound(pl.Series([a, b]))
    assert one == other


@pytest.mark.parametrize(("a", "b"), [("smith", "jones"), ("ann", "dan"), ("carter", "carver")])
def test_names_that_sound_different_are_not(a, b):
    one, other = sound(pl.Series([a, b]))
    assert one != other


def test_other_scripts_stay_as_they_are_and_missing_stays_missing():
    assert sound(pl.Series(["שלום", None])).to_list() == ["שלום", None]


def hashed(name, type_, *columns):
    """Return, by form, whether the two rows of a table meet in it."""
    frame = pl.DataFrame({f"{name}{n}": list(column) for n, column in enumerate(columns)})
    fields = [Field(c, c, type_) for c in frame.columns]
    table = from_frame(frame, "t")
    out = {}
    for form in forms_of(table, fields, range(len(fields))):
        a, b = form.hashed(table, frame.columns, fields)
        out[form.name] = a is not None and a == b
    return out


@pytest.mark.parametrize(
    ("type_", "a", "b", "form"),
    [
        ("email", "ann.lee@x.org", "ann.lee@y.com", "f0 (before @)"),
        ("phone", "+44 20 7946 0958", "(0)20-7946 0958", "f0 (last 7 digits)"),
        ("date", "1980-05-06", "1980-05-16", "f0 (year and month)"),
        ("name", "Smith", "Smyth", "f0 (by sound)"),
        ("address", "12 Mill Road", "12 Mill Rise", "f0 (first 5 characters)"),
    ],
)
def test_each_type_has_a_form_that_forgives_its_slips(type_, a, b, form):
    met = hashed("f", type_, (a, b))
    assert met == {"f0": False, form: True}


def test_names_in_either_order_meet():
    met = hashed("n", "name", ("Ann", "Lee"), ("Lee", "Ann"))
    assert met["n0 and n1 (in any order)"]
    assert not met["n0"]


def test_missing_values_are_null_in_every_form():
    table = from_frame(pl.DataFrame({"a": ["x", None], "b": [None, "y"]}), "t")
    fields = [Field("a", "a", "name"), Field("b", "b", "name")]
    forms = {form.name: form for form in forms_of(table, fields, [0, 1])}
    assert forms["a and b (in any order)"].hashed(table, ["a", "b"], fields).null_count() == 2
    assert forms["a (by sound)"].hashed(table, ["a", "b"], fields).null_count() == 1
