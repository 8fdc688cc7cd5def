"""Conformance to the Reconciliation Service API 0.2, and what is asked of it wrongly."""

import json
import random
import re

import pytest
import reconciliation_schemas as schemas
from reconciliation_samples import spoil

from tk_link.lookup.service import Request, Service


@pytest.fixture
def ask(index):
    service = Service(index, min_prob=0.9)

    def ask(path="/", json_body=None, **values):
        body = None if json_body is None else json.dumps(json_body)
        response = service.answer(Request(path, values, body, "http://127.0.0.1:8080"))
        assert response.kind.startswith("application/json")
        return response.status, json.loads(response.body)

    return ask


def assert_conforms(message, schema):
    errors = list(schemas.ours()[schema].iter_errors(message))
    assert not errors, errors


BATCH = {
    "q0": {"query": "Anna Abel"},
    "q1": {"query": "Bruno Brandt", "limit": 3, "type": "people", "type_strict": "should"},
    "q2": {
        "query": "Clara Conrad",
        "type": ["people", "others"],
        "properties": [
            {"pid": "city", "v": ["Wien", {"id": "P0001", "name": "Graz"}]},
            {"pid": "born", "v": 1980},
            {"pid": "street", "v": True},
        ],
    },
    "q3": {"properties": [{"pid": "email", "v": "anna.abel7@post.de"}]},
    "q4": {"query": "  "},
    "q5": {"query": "Anna", "type": "planets"},
    "ü\udcff": {"query": "\udcff"},
}


def test_every_kind_of_query_is_answered_by_the_schema(ask):
    assert_conforms(BATCH, "reconciliation-query-batch")
    for status, results in (ask(queries=json.dumps(BATCH)), ask("/reconcile", {"queries": BATCH})):
        assert status == 200
        assert_conforms(results, "reconciliation-result-batch")
        assert list(results) == list(BATCH)
        assert len(results["q1"]["result"]) == 3
        assert results["q0"]["result"]
        assert results["q4"] == results["q5"] == {"result": []}
        scores = [candidate["score"] for candidate in results["q2"]["result"]]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 100 for score in scores)


def test_the_manifest_conforms_and_its_addresses_are_answered(ask):
    status, manifest = ask()
    assert status == 200
    assert_conforms(manifest, "manifest")
    base = "http://127.0.0.1:8080"
    for kind, schema in (
        ("entity", "suggest-entities-response"),
        ("property", "suggest-properties-response"),
        ("type", "suggest-types-response"),
    ):
        where = manifest["suggest"][kind]
        assert where["service_url"] == base
        for values in ({"prefix": "a"}, {"prefix": "", "cursor": "2"}, {}):
            status, found = ask(where["service_path"], **values)
            assert status == 200
            assert_conforms(found, schema)
    status, proposed = ask(manifest["extend"]["propose_properties"]["service_path"], limit="2")
    assert (status, len(proposed["properties"])) == (200, 2)


def test_a_beginning_of_a_name_and_an_id_are_suggested(ask, table):
    _, found = ask("/suggest/entity", prefix="Bru")
    assert found["result"]
    assert all(item["name"].startswith("Bruno") for item in found["result"])
    _, more = ask("/suggest/entity", prefix="Bru", cursor="10")
    assert not {i["id"] for i in more["result"]} & {i["id"] for i in found["result"]}
    _, found = ask("/suggest/entity", prefix="P0042")
    assert found["result"][0]["id"] == "P0042"
    assert ask("/suggest/property", prefix="NAME")[1]["result"][0]["id"] == "first_name"


def test_an_entity_given_by_its_id_is_a_certain_match(ask):
    _, results = ask(queries='{"q": {"query": "P0042"}}')
    best = results["q"]["result"][0]
    assert (best["id"], best["score"], best["match"]) == ("P0042", 100.0, True)


def test_data_are_extended_by_the_schema(ask, table):
    wanted = {
        "ids": ["P0003", "none"],
        "properties": [{"id": "city"}, {"id": "email", "settings": {}}],
    }
    assert_conforms(wanted, "data-extension-query")
    for path in ("/", "/extend"):
        status, found = ask(path, extend=json.dumps(wanted))
        assert status == 200
        assert_conforms(found, "data-extension-response")
    assert found["rows"]["P0003"]["city"] == [{"str": table.text["city"][3]}]
    assert found["rows"]["none"] == {"city": [], "email": []}


def test_one_record_is_matched_as_plain_json(ask, table):
    row = table.text.row(5, named=True)
    record = {column: row[column] for column in ("first_name", "last_name", "email", "born")}
    status, found = ask("/match", {"record": {**record, "city": None}, "limit": 2})
    assert status == 200
    best = found["candidates"][0]
    assert (best["id"], best["match"]) == ("P0005", True)
    assert best["record"] == row
    assert len(found["candidates"]) == 2
    assert ask("/match", **record, limit="2") == (status, found)


@pytest.mark.parametrize(
    "queries",
    [
        "", "{", "[]", "3", "null", '"x"', "[" * 100_000, '{"q": 1}', '{"q": {}}', '{"q": null}',
        '{"q": {"query": 3}}', '{"q": {"query": null}}', '{"q": {"query": ["a"]}}',
        '{"q": {"query": "a", "limit": 0}}', '{"q": {"query": "a", "limit": -3}}',
        '{"q": {"query": "a", "limit": "3"}}', '{"q": {"query": "a", "limit": true}}',
        '{"q": {"query": "a", "limit": NaN}}', '{"q": {"query": "a", "limit": -Infinity}}',
        '{"q": {"query": "a", "type": null}}', '{"q": {"query": "a", "limit": null}}',
        '{"q": {"query": "a", "type": 3}}',
        '{"q": {"query": "a", "type": [3]}}', '{"q": {"query": "a", "type_strict": "yes"}}',
        '{"q": {"query": "a", "type_strict": ["any"]}}',
        '{"q": {"query": "a", "sort": "up"}}', '{"q": {"properties": []}}',
        '{"q": {"query": "a", "properties": {}}}', '{"q": {"query": "a", "properties": ["x"]}}',
        '{"q": {"query": "a", "properties": [{"pid": "city"}]}}',
        '{"q": {"query": "a", "properties": [{"v": "Wien"}]}}',
        '{"q": {"query": "a", "properties": [{"pid": 3, "v": "Wien"}]}}',
        '{"q": {"query": "a", "properties": [{"pid": "ctiy", "v": "Wien"}]}}',
        '{"q": {"query": "a", "properties": [{"pid": "city", "v": null}]}}',
        '{"q": {"query": "a", "properties": [{"pid": "city", "v": [["x"]]}]}}',
        '{"q": {"query": "a", "properties": [{"pid": "city", "v": {"name": "x"}}]}}',
        '{"q": {"query": "a", "properties": [{"pid": "city", "v": ' + "9" * 5000 + "}]}}",
        '{"q": {"query": "' + "a" * 6000 + '"}}',
    ],
)  # fmt: skip
def test_malformed_queries_are_the_clients_error(ask, queries):
    status, answer = ask(queries=queries)
    assert status == 400
    assert answer["status"] == "error"
    assert answer["message"]


@pytest.mark.parametrize(
    ("path", "values", "status"),
    [
        ("/", {"queries": json.dumps({str(n): {"query": "a"} for n in range(101)})}, 413),
        ("/", {"query": "anna"}, 400),
        ("/", {"extend": "{}"}, 400),
        ("/", {"extend": '{"ids": [1], "properties": []}'}, 400),
        ("/", {"extend": '{"ids": [], "properties": ["city"]}'}, 400),
        ("/", {"extend": '{"ids": ["P0001"], "properties": [{"id": "ctiy"}]}'}, 400),
        ("/", {"extend": '{"ids": [], "properties": [{"id": "city", "settings": []}]}'}, 400),
        ("/extend/propose", {"limit": "many"}, 400),
        ("/extend/propose", {"limit": "9" * 5000}, 400),
        ("/match", {"city": "Wien", "limit": "9" * 5000}, 400),
        ("/", {"json_body": []}, 400),
        ("/", {"json_body": {"record": {}}}, 400),
        ("/match", {}, 400),
        ("/match", {"ctiy": "Wien"}, 400),
        ("/match", {"city": "Wien", "limit": "many"}, 400),
        ("/match", {"json_body": {"record": []}}, 400),
        ("/match", {"json_body": []}, 400),
        ("/match", {"json_body": {"record": {"city": ["Wien"]}}}, 400),
        ("/suggest/entity", {"prefix": "a", "cursor": "-1"}, 400),
        ("/suggest/entity", {"prefix": "a" * 6000}, 400),
        ("/preview", {"id": "none"}, 404),
        ("/preview", {}, 404),
        ("/../etc/passwd", {}, 404),
        ("/suggest", {}, 404),
    ],
)
def test_wrong_requests_get_the_status_that_says_why(ask, path, values, status):
    assert ask(path, **values)[0] == status


OURS = r"limit must be|there is no column|asks for nothing|queries in one batch"
"""What the schema lets pass and the service refuses: the specification's prose, or our bounds."""


def test_what_the_schema_refuses_the_service_refuses(ask):
    """Spoiled queries: 400 where the schema says no, and else only for reasons that we name."""
    validator, chance = schemas.ours()["reconciliation-query-batch"], random.Random(0)
    for _ in range(120):
        batch = spoil(BATCH, chance)
        status, answer = ask(queries=json.dumps(batch))
        if isinstance(batch, dict) and any("\n" in key for key in batch):
            continue  # the schema does not look at queries with such keys
        if not validator.is_valid(batch):
            assert status == 400, batch
        elif status != 200:
            assert re.search(OURS, answer["message"]), (answer, batch)


def test_spoiled_extensions_are_refused_as_the_schema_does(ask):
    validator, chance = schemas.ours()["data-extension-query"], random.Random(0)
    wanted = [{"id": "city", "settings": {"limit": 1}}, {"id": "email"}]
    for _ in range(300):
        asked = spoil({"ids": ["P0003", "none"], "properties": wanted}, chance)
        status, answer = ask(extend=json.dumps(asked))
        if not validator.is_valid(asked):
            assert status == 400, asked
        elif status != 200:
            assert re.search(OURS, answer["message"]), (answer, asked)


def test_pages_show_values_as_text_whatever_they_hold(index):
    service = Service(index, 0.9)
    response = service.answer(Request("/preview", {"id": "P0001"}, None, ""))
    assert response.kind.startswith("text/html")
    assert index.name_of(1) in response.body.decode()
