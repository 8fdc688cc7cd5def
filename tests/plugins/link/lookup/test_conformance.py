"""All that the server says, judged by our restatement of the schemas and by the published ones."""

import os
from collections import Counter

import polars as pl
import pytest
import reconciliation_schemas as schemas
from jsonschema import Draft7Validator
from lookup_serving import running
from reconciliation_messages import ERROR, SENT, messages

from tk_link.frames import from_frame
from tk_link.lookup.building import build_index
from tk_link.reading import read_table

FOLDER = os.environ.get("TK_RECONCILIATION_SCHEMAS")
TABLES = os.environ.get("TK_RECONCILIATION_TABLES", "").split()
"""Further tables to serve, by their paths."""
REFUSAL = {
    "type": "object",
    "required": ["status", "message"],
    "properties": {"status": {"const": "error"}, "message": {"type": "string", "minLength": 1}},
}


def without_ids():
    """Texts beyond ASCII, blanks, repeated names, a column whose name is odd; no id column."""
    cities = ["Zürich", "東京", "Łódź", "São Paulo", "Ålesund", None]
    return pl.DataFrame(
        {
            "Ort & Straße": [cities[n % 6] for n in range(60)],
            "öffnet <um>": [f"{7 + n % 5} Uhr, außer sonn- & feiertags {n}" for n in range(60)],
        }
    )


def dated():
    """Numbers, years, dates in the German way, codes."""
    words = ["Aurora", "Boreal", "Cosmos", "Delta"]
    return pl.DataFrame(
        {
            "sku": [f"AB-{n:03}/x&y+z" for n in range(80)],
            "title": [f"Lamp {words[n % 4]} {n}" for n in range(80)],
            "price": [round(9.99 + n * 1.5, 2) for n in range(80)],
            "sold": [f"{1 + n % 28:02}.{1 + n % 12:02}.20{10 + n % 14}" for n in range(80)],
            "year": [1990 + n % 30 for n in range(80)],
        }
    )


@pytest.fixture(scope="module", params=["people", "without ids", "dated", *TABLES])
def said(request, index):
    """All messages of a server of one table."""
    makers = {"without ids": without_ids, "dated": dated}
    if request.param in makers:
        frame = makers[request.param]()
        index = build_index(from_frame(frame, f"{request.param}.csv"))
    elif request.param != "people":
        index = build_index(read_table(request.param))
    with running(index) as server:
        return list(messages(server.server_address[1]))


def judge(said, validators):
    validators = {**validators, ERROR: Draft7Validator(REFUSAL)}
    wrong = [
        (message.schema, message.occasion, list(error.absolute_path), error.message)
        for message in said
        for error in validators[message.schema].iter_errors(message.content)
    ]
    assert not wrong, wrong[:3]
    return Counter(message.schema for message in said)


def test_every_message_is_as_the_restated_schemas_say(said):
    counts = judge(said, schemas.ours())
    assert set(counts) == {*schemas.SCHEMAS, ERROR}  # no kind of message is left out


@pytest.mark.skipif(FOLDER is None, reason="TK_RECONCILIATION_SCHEMAS names no published schemas")
def test_every_message_is_as_the_published_schemas_say(said):
    counts = judge(said, schemas.published(FOLDER))
    parts = ", ".join(f"{name} {count}" for name, count in counts.items())
    print(f"{counts.total()} messages, 0 failures: {parts}")


def test_ids_and_names_are_never_blank(said):
    """The specification wants this of entities, types and properties; its schemas do not say it."""
    for message in said:
        if message.schema != ERROR and message.occasion != SENT:
            for thing in things(message.content):
                assert all(thing[key].strip() for key in ("id", "name") if key in thing), thing


def things(content):
    """Return every object with an id inside a message."""
    if not isinstance(content, dict | list):
        return []
    inner = content.values() if isinstance(content, dict) else content
    below = [thing for item in inner for thing in things(item)]
    named = isinstance(content, dict) and isinstance(content.get("id"), str)
    return [content, *below] if named else below
