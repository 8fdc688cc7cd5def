"""Every kind of message of the Reconciliation Service API 0.2, as a running server answers it.

Nothing about the table is known beforehand: its columns, ids and values are asked of the server.
"""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
UNICODE = [
    "Zoë Ünal-Şahin",
    "日本語",
    "🜁 👩‍👩‍👧",
    "e\u0301",
    "שלום",
    "a\u0000b",
    "\ud800",
    "…" * 500,
]
SENT = "sent"
ERROR = "error"
"""The schema of refusals is ours: the specification leaves their bodies open."""


@dataclass(frozen=True)
class Message:
    """What was said: by which schema, on what occasion, and the JSON itself."""

    schema: str
    occasion: str
    content: object


@dataclass(frozen=True)
class Client:
    """Speaks to a server on this machine."""

    port: int
    host: str = "127.0.0.1"

    def ask(self, method, target, body=None, kind=FORM):
        """Return the status, the headers and the body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Host": f"{self.host}:{self.port}"} | ({"Content-Type": kind} if body else {})
        try:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def json(self, target, status=200):
        return self._read(*self.ask("GET", target), status)

    def three_ways(self, key, content, path="/"):
        """Send JSON as a form, in the address and as a body; return what comes back."""
        text = urlencode({key: json.dumps(content)})
        body = json.dumps({key: content})
        answers = [self._read(*self.ask("POST", path, text), 200)]
        answers.append(self._read(*self.ask("POST", path, body, JSON), 200))
        if len(text) < 50_000:  # an address is shorter than a body may be
            answers.append(self._read(*self.ask("GET", f"{path}?{text}"), 200))
        assert all(answer == answers[0] for answer in answers)
        return answers[0]

    def _read(self, got, headers, body, status):
        assert got == status, (got, body[:300])
        assert headers.get_content_type() == JSON
        return json.loads(body)


def messages(port) -> Iterator[Message]:
    """Yield all that a server of any table says, and what it is asked in JSON."""
    client = Client(port)
    manifest = client.json("/")
    yield Message("manifest", "at the root", manifest)
    yield Message("manifest", "by another name", Client(port, "localhost").json("/"))
    yield Message("manifest", "at /reconcile", client.json("/reconcile"))
    for type_ in manifest["defaultTypes"]:
        yield Message("type", "default", type_)
    columns = [item["id"] for item in client.json("/extend/propose")["properties"]]
    rows = _rows(client, columns)
    for batch in _batches(manifest["defaultTypes"][0]["id"], columns, rows):
        yield Message("reconciliation-query-batch", SENT, batch)
        results = client.three_ways("queries", batch)
        assert list(results) == list(batch)
        yield Message("reconciliation-result-batch", "answered", results)
    yield from _suggestions(client, manifest, columns, rows)
    yield from _extensions(client, manifest, columns, rows)
    yield from _refusals(client, columns)


def _rows(client, columns):
    """Return some rows of the table by their ids."""
    found = {}
    for letter in "aeos01":
        for item in client.json(f"/suggest/entity?prefix={letter}")["result"][:2]:
            found[item["id"]] = item["name"]
    asked = {"ids": list(found), "properties": [{"id": column} for column in columns]}
    rows = client.three_ways("extend", asked)["rows"]
    return {
        id: (found[id], {c: cells[0]["str"] for c, cells in row.items() if cells})
        for id, row in rows.items()
    }


def _batches(type_, columns, rows):
    names = [name for name, _ in rows.values()]
    yield {}
    yield {f"q{n}": {"query": name} for n, name in enumerate(names)}
    yield {id: {"query": id, "limit": 1} for id in rows}
    texts = ["", "  ", "qqq zzz www", *UNICODE]
    yield {f"{n} {text}": {"query": text} for n, text in enumerate(texts)}
    yield {str(limit): {"query": names[0], "limit": limit} for limit in (1, 3, 1.5, 1000, 1e300)}
    for types in (type_, [type_], [], [type_, "others"], "others", ["others"]):
        strict = {how: {"query": names[0], "type": types} for how in ("any", "should", "all")}
        yield {how: query | {"type_strict": how} for how, query in strict.items()}
    for values in ({"all": row} for _, row in rows.values()):
        yield {
            key: {"query": name, "properties": [{"pid": c, "v": row[c]} for c in row]}
            for name in names[:2]
            for key, row in values.items()
        }
    odd = [1980, -1.5, True, {"id": "x"}, {"id": "x", "name": "Graz"}, [], ["a", 1, {"id": "y"}]]
    for value in odd:
        yield {column: {"properties": [{"pid": column, "v": value}]} for column in columns}
    yield {str(n): {"query": names[n % len(names)]} for n in range(100)}


def _suggestions(client, manifest, columns, rows):
    schemas = {"entity": "entities", "property": "properties", "type": "types"}
    name = next(iter(rows.values()))[0]
    for kind, plural in schemas.items():
        place = manifest["suggest"][kind]
        path = urlsplit(place["service_url"] + place["service_path"]).path
        for prefix in ("", "a", name[:3], name, next(iter(rows)), columns[0], *UNICODE[:6]):
            for cursor in (None, 0, 3, 99_999):
                values = {"prefix": prefix} | ({} if cursor is None else {"cursor": cursor})
                found = client.json(f"{path}?{urlencode(values)}")
                yield Message(f"suggest-{plural}-response", f"{prefix!r} from {cursor}", found)


def _extensions(client, manifest, columns, rows):
    place = manifest["extend"]["propose_properties"]
    path = urlsplit(place["service_url"] + place["service_path"]).path
    kind = manifest["defaultTypes"][0]["id"]
    for values in ({}, {"type": ""}, {"type": kind}, {"type": kind, "limit": 2}, {"limit": 10_000}):
        found = client.json(f"{path}?{urlencode(values)}")
        yield Message("data-extension-property-proposal", f"{values}", found)
    ids = list(rows)
    for some in ([], ids[:1], [*ids, "no such row"], ["\u0000", "ä", ""], ids[:1] * 2):
        for settings in ({}, {"settings": {}}, {"settings": {"limit": "1", "x": [True]}}):
            for wanted in ([], columns[:1], columns):
                asked = {"ids": some, "properties": [{"id": c, **settings} for c in wanted]}
                yield Message("data-extension-query", SENT, asked)
                yield Message("data-extension-response", "", client.three_ways("extend", asked))


def _refusals(client, columns):
    batches = ["", "{", "[]", '{"q": {}}', '{"q": {"query": 1}}', '{"q": {"query": NaN}}']
    over = {str(n): {"query": "a"} for n in range(101)}
    many = {"ids": ["a"] * 100_001, "properties": [{"id": columns[0]}]}
    asked = [
        *(("POST", "/", urlencode({"queries": text}), 400) for text in batches),
        ("POST", "/", urlencode({"queries": json.dumps(over)}), 413),
        ("POST", "/", urlencode({"extend": json.dumps(many)}), 413),
        ("POST", "/", urlencode({"extend": "{}"}), 400),
        ("POST", "/", "queries=" + "x" * 1_000_000, 413),
        ("GET", "/?callback=jQuery1", None, 400),
        ("GET", "/?queries=%7B", None, 400),
        ("GET", "/?queries=%ff", None, 400),
        ("GET", "/nothing", None, 404),
        ("GET", "/../../etc/passwd", None, 404),
        ("GET", "/%2e%2e/etc/passwd", None, 404),
        ("GET", "/suggest/entity?prefix=a&cursor=x", None, 400),
        ("GET", "/extend/propose?limit=many", None, 400),
        ("GET", "/match?limit=" + "9" * 5000, None, 400),
        ("GET", "/preview?id=no+such+row", None, 404),
        ("GET", "/view", None, 404),
        ("PUT", "/", "{}", 405),
    ]
    for method, target, body, status in asked:
        got, headers, answer = client.ask(method, target, body)
        assert (got, headers.get_content_type()) == (status, JSON), (method, target[:80], got)
        yield Message(ERROR, f"{method} {target[:60]}", json.loads(answer))
