"""Calls in the shapes that OpenRefine 3.8 and later makes them, from its server and its web page.

Read from its sources (github.com/OpenRefine/OpenRefine): StandardReconConfig,
GuessTypesOfColumnCommand, ReconciledDataExtensionJob and HttpClient call from Java, with forms and
ten seconds of patience; recon-manager.js, suggest-4_3a.js, add-column-by-reconciliation.js and
cell-ui.js call from a page at 127.0.0.1:3333.
"""

import http.client
import json
import time
from html.parser import HTMLParser
from urllib.parse import quote, urlencode, urlsplit

import polars as pl
import pytest
from lookup_serving import running

from tk_link.frames import from_frame
from tk_link.lookup.building import build_index

PAGE = "http://127.0.0.1:3333"
IDS = [
    "plain",
    "A&B",
    "a+b",
    "x%y",
    "50%25",
    "a/b?c=d",
    "é 日本",
    "http://a.example/1?x=2&y=3",
    "a b",
]


@pytest.fixture(scope="module")
def port(index):
    with running(index) as server:
        yield server.server_address[1]


def call(port, method, target, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(
            method, target, body, {k.replace("_", "-"): v for k, v in headers.items()}
        )
        response = connection.getresponse()
        return response, response.read().decode()
    finally:
        connection.close()


def from_java(port, name, content):
    """Send one form field, as `postNameValue` does."""
    kind = "application/x-www-form-urlencoded; charset=UTF-8"
    body = urlencode({name: json.dumps(content, ensure_ascii=False)})
    response, text = call(port, "POST", "/", body, Content_Type=kind)
    assert response.status == 200
    return json.loads(text)


def from_page(port, url, **values):
    """Fetch JSON across origins; a browser lets the page read it if the answer names the page."""
    target = url.partition(f":{port}")[2] + ("?" + urlencode(values) if values else "")
    response, text = call(port, "GET", target, Origin=PAGE, Accept="application/json, */*; q=0.01")
    assert response.status == 200
    assert response.headers["Access-Control-Allow-Origin"] == PAGE
    return json.loads(text)


@pytest.fixture
def manifest(port):
    return from_page(port, f"http://127.0.0.1:{port}/")


def encode_uri(url):
    """Return what JavaScript's encodeURI makes of an address."""
    return quote(url, safe=";,/?:@&=+$-_.!~*'()#")


def test_a_service_is_added_by_its_address(port, manifest):
    base = f"http://127.0.0.1:{port}"
    assert manifest["versions"] == ["0.2"]
    assert manifest["defaultTypes"] == [{"id": "people", "name": "people"}]
    assert (manifest["identifierSpace"], manifest["schemaSpace"]) == (
        f"{base}/view?id=",
        f"{base}/",
    )
    assert {type(manifest["preview"][side]) for side in ("width", "height")} == {int}
    assert manifest["batchSize"] == 100


def test_jsonp_which_is_tried_next_lets_no_page_read(port):
    for target in ("/?callback=jQuery36_1&_=1", "/?queries=%7B%7D&callback=jQuery36_1"):
        response, text = call(port, "GET", target)
        assert response.headers.get_content_type() == "application/json"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "jQuery36_1(" not in text


def test_types_are_guessed_from_ten_cells(port, table):
    names = [f"{first} {last}" for first, last in table.text["first_name", "last_name"].rows()[:10]]
    asked = {f"q{n}": {"query": name, "limit": 3} for n, name in enumerate(names)}
    for answer in from_java(port, "queries", asked).values():
        assert 1 <= len(answer["result"]) <= 3
        assert all(c["type"] == [{"id": "people", "name": "people"}] for c in answer["result"])


def test_a_full_batch_with_other_columns_is_answered_in_time(port, table, manifest):
    rows = table.text.rows(named=True)[: manifest["batchSize"]]
    asked = {f"q{n}": reconcile(row) for n, row in enumerate(rows)}
    began = time.process_time()
    answers = from_java(port, "queries", asked)
    assert time.process_time() - began < 8  # OpenRefine waits ten seconds
    assert list(answers) == list(asked)
    best = [answers[f"q{n}"]["result"][0] for n in range(len(rows))]
    right = [b["id"] == row["id"] and b["match"] is True for b, row in zip(best, rows, strict=True)]
    assert sum(right) >= 0.95 * len(rows)


def reconcile(row):
    """Return a row as `StandardReconConfig` asks for it, the cells in all their types."""
    cells = {
        "born": f"{row['born']}T00:00:00Z",
        "city": {"id": "Q1", "name": row["city"]},
        "email": row["email"],
        "street": row["street"],
    }
    return {
        "query": f"{row['first_name']} {row['last_name']}",
        "type": "people",
        "type_strict": "should",
        "properties": [{"pid": pid, "v": value} for pid, value in cells.items()],
        "limit": 5,
    }


def test_a_number_cell_is_the_text_that_a_table_has(port, index):
    frame = pl.DataFrame({"name": [f"Hof {n}" for n in range(40)], "plz": range(8010, 8050)})
    with running(build_index(from_frame(frame.cast(pl.String), "h.csv"))) as server:
        place = server.server_address[1]
        asked = {"q0": {"query": "Hof", "properties": [{"pid": "plz", "v": 8023.0}]}}
        best = from_java(place, "queries", asked)["q0"]["result"][0]
    assert best["name"] == "Hof 13"


def test_typing_into_a_field_brings_suggestions_and_more_of_them(port, manifest):
    extra = {
        "spell": "always",
        "exact": "false",
        "scoring": "",
        "lang": "",
        "key": "",
        "format": "",
    }
    place = manifest["suggest"]["entity"]
    url = place["service_url"] + place["service_path"]
    first = from_page(port, url, prefix="Bru", **extra)
    assert all(item["notable"] == ["people"] for item in first["result"])
    seen = [item["id"] for item in first["result"]]
    while "cursor" in first:
        first = from_page(port, url, prefix="Bru", cursor=first["cursor"], **extra)
        seen += [item["id"] for item in first["result"]]
    assert len(seen) == len(set(seen)) > 10
    for kind, name in (("property", "city"), ("type", "people")):
        place = manifest["suggest"][kind]
        url = place["service_url"] + place["service_path"]
        found = from_page(port, url, prefix=name[:3], type="people", **extra)
        assert name in [item["id"] for item in found["result"]]


def test_columns_are_proposed_and_fetched(port, manifest):
    place = manifest["extend"]["propose_properties"]
    url = place["service_url"] + place["service_path"] + "?type=people"
    proposed = from_page(port, url)["properties"]
    assert {"id": "city", "name": "city"} in proposed
    wanted = [{"id": "city", "settings": {"limit": "0", "count": "on"}}, {"id": "born"}]
    found = from_java(port, "extend", {"ids": ["P0001", "P0002"], "properties": wanted})
    assert [column["id"] for column in found["meta"]] == ["city", "born"]
    assert [*found["rows"]] == ["P0001", "P0002"]
    assert all(
        cells[0].keys() == {"str"} for row in found["rows"].values() for cells in row.values()
    )


@pytest.fixture(scope="module")
def odd_ids():
    frame = pl.DataFrame({"id": IDS, "name": [f"Thing number {n}" for n in range(len(IDS))]})
    with running(build_index(from_frame(frame, "things.csv"))) as server:
        yield server.server_address[1]


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize("kind", ["view", "preview"])
def test_any_id_leads_to_its_page(odd_ids, kind, id):
    template = from_page(odd_ids, f"http://127.0.0.1:{odd_ids}/")[kind]["url"]
    for url in (
        encode_uri(template.replace("{{id}}", id)),
        template.replace("{{id}}", quote(id, "")),
    ):
        parts = urlsplit(url)
        response, text = call(odd_ids, "GET", f"{parts.path}?{parts.query}")
        assert (response.status, response.headers.get_content_type()) == (200, "text/html")
        assert f"Thing number {IDS.index(id)}" in text


def test_a_preview_fits_a_sandboxed_frame(port):
    response, text = call(port, "GET", "/preview?id=P0001")
    assert "X-Frame-Options" not in response.headers
    assert "frame-ancestors" not in response.headers["Content-Security-Policy"]
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append(tag)
    parser.feed(text)
    assert "h1" in tags
    assert not {"script", "a", "img", "link"} & set(tags)


def test_the_status_line_says_what_openrefine_will_show(port):
    asked = {"q0": {"query": "Anna", "properties": [{"pid": "cïty\r\nX: y", "v": "Wien"}]}}
    response, _ = call(
        port,
        "POST",
        "/",
        urlencode({"queries": json.dumps(asked)}),
        Content_Type="application/x-www-form-urlencoded",
    )
    assert response.status == 400
    assert response.reason.startswith("there is no column 'c?ty\\r\\nX: y'")
    assert "X" not in response.headers
