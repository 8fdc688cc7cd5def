import pytest
from hypothesis import given
from hypothesis import strategies as st

from tk.errors import InputError
from tk_link.reading.encoding import to_utf8

WESTERN = "name,city\nJosé,Málaga\nBjörn,Århus\nEls,’s-Hertogenbosch €\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_encoding_is_found(encoding):
    assert to_utf8(WESTERN.encode(encoding), "f")[0].decode() == WESTERN


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_found_without_its_mark(encoding):
    assert to_utf8(WESTERN.encode(encoding), "f") == (WESTERN.encode(), encoding.upper())


def test_latin1_is_read_as_the_windows_code_that_holds_it():
    text = "café,naïve\n"
    assert to_utf8(text.encode("latin-1"), "f") == (text.encode(), "Windows-1252")


@given(st.text(st.characters(exclude_categories=["Cs"])).filter(lambda s: s[:1] != "\ufeff"))
def test_utf8_text_stays_as_it_is(text):
    data = b"x,y\n" * 50 + text.encode()
    assert to_utf8(data, "f") == (data, "UTF-8")


def test_nul_bytes_are_text():
    data = b"a,b\n1,\x00\x00x\n2,\x00\n" * 20
    assert to_utf8(data, "f") == (data, "UTF-8")


def test_a_few_broken_bytes_in_utf8_are_named_by_line():
    data = ("é,ü\n" * 20).encode() + b"caf\xe9,1\n"
    with pytest.raises(InputError, match=r"f: line 21 holds the byte 0xe9.*while the rest is"):
        to_utf8(data, "f")


def test_byte_that_no_encoding_has():
    with pytest.raises(InputError, match=r"line 2 holds the byte 0x81.*neither UTF-8 nor"):
        to_utf8(b"a,b\n\x81,1\n", "f")


def test_cyrillic_code_page_is_not_garbled():
    data = "имя,город\nАнна,Москва\n".encode("cp1251")
    with pytest.raises(InputError, match="save the file as UTF-8"):
        to_utf8(data, "f")


def test_half_a_utf16_character():
    with pytest.raises(InputError, match="begins like UTF-16 but is broken"):
        to_utf8("ab".encode("utf-16") + b"x", "f")
