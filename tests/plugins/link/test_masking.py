import pytest

from tk_link.masking import masked, without_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:geheim@host/db::t", "postgresql://me:***@host/db::t"),
        ("postgresql://me:a@b:c@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me:a/b@host/db", "postgresql://me:***@host/db"),
        ("postgresql:///db?user=me&password=x y::t", "postgresql:///db?user=me&password=*** y::t"),
        ("https://u:p@h/x.csv?Token=abc&x=1", "https://u:***@h/x.csv?Token=***&x=1"),
        ("s3://b/k?X-Amz-Signature=ff&v=2", "s3://b/k?X-Amz-Signature=***&v=2"),
        ("tk link postgresql://me:pw@h/d::t b.csv", "tk link postgresql://me:***@h/d::t b.csv"),
    ],
)
def test_passwords_and_tokens_are_masked(text, shown):
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://h:5432/db::SELECT * FROM t WHERE mail LIKE '%@x.org'",
        "https://host/a.csv?page=2",
        "a:b@c.csv",
        "C:\\data\\left.csv",
    ],
)
def test_what_is_no_secret_stays(text):
    assert masked(text) == text


def test_a_drivers_message_loses_the_password_in_every_spelling():
    said = without_secrets('bad token "p%40ss" in p@ss', "postgresql://me:p%40ss@h/db")
    assert said == 'bad token "***" in ***'
