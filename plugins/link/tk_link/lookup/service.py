"""What the server answers to which address, without a socket in sight."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version

from tk_link.lookup import protocol
from tk_link.lookup.index import Index
from tk_link.lookup.pages import HEIGHT, WIDTH, page
from tk_link.lookup.protocol import Json, Refused
from tk_link.lookup.queries import LONGEST_VALUE, Query

_SUGGESTED = 10
JSON, HTML = "application/json; charset=utf-8", "text/html; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """A request, parsed.

    Attributes:
        path: Path without the query string.
        values: Parameters of the address and of a form body.
        json: Text of a JSON body, if there was one.
        base: Address that the client reached the server by, without a slash at the end.
    """

    path: str
    values: Mapping[str, str]
    json: str | None
    base: str


@dataclass(frozen=True)
class Response:
    """A status, what the body is, and the body."""

    status: int
    kind: str
    body: bytes


def reply(content: object, status: int = 200) -> Response:
    """Return JSON."""
    return Response(status, JSON, json.dumps(content).encode())


@dataclass(frozen=True)
class Service:
    """An index behind addresses.

    Attributes:
        index: What is looked into.
        min_prob: Probability from which a row is called a match.
    """

    index: Index
    min_prob: float

    def answer(self, request: Request) -> Response:
        """Answer a request, whatever it is."""
        try:
            return self._route(request.path.rstrip("/") or "/")(request)
        except Refused as refused:
            return reply({"status": "error", "message": refused.reason}, refused.status)

    def _route(self, path: str) -> Callable[[Request], Response]:
        routes: dict[str, Callable[[Request], Response]] = {
            "/": self._reconcile,
            "/reconcile": self._reconcile,
            "/match": self._match,
            "/extend": self._reconcile,
            "/extend/propose": self._propose,
            "/suggest/entity": self._suggest_entity,
            "/suggest/property": self._suggest_property,
            "/suggest/type": self._suggest_type,
            "/preview": self._page,
            "/view": self._page,
        }
        if path not in routes:
            raise Refused(404, f"there is nothing at {path:.80}; there are {', '.join(routes)}")
        return routes[path]

    def _reconcile(self, request: Request) -> Response:
        values = dict(request.values)
        if request.json is not None:
            body = protocol.read_json(request.json)
            if not isinstance(body, dict) or not ({"queries", "extend"} & set(body)):
                raise Refused(400, "the body needs queries or extend")
            values |= {key: json.dumps(body[key]) for key in ("queries", "extend") if key in body}
        if "queries" in values:
            batch = protocol.read_batch(values["queries"], self.index)
            return reply({key: {"result": self._look_up(a)} for key, a in batch.items()})
        if "extend" in values:
            asked = protocol.read_extension(values["extend"], self.index)
            return reply(protocol.extension(self.index, *asked))
        if values:
            raise Refused(400, f"queries or extend is missing; got {', '.join(values):.200}")
        return reply(self.manifest(request.base))

    def _look_up(self, asked: protocol.Asked) -> list[Json]:
        if asked.types and self.index.title not in asked.types:
            return []
        hits = self.index.find(asked.query, limit=asked.limit, min_prob=self.min_prob)
        return [protocol.candidate(self.index, hit) for hit in hits]

    def _match(self, request: Request) -> Response:
        limit: object = None
        if request.json is not None:
            body = protocol.read_json(request.json)
            if not isinstance(body, dict):
                raise Refused(400, 'give a record: {"record": {"name": "…"}}')
            query, limit = protocol.read_record(body.get("record"), self.index), body.get("limit")
        else:
            values = dict(request.values)
            if "limit" not in self.index.table.columns and "limit" in values:
                given = values.pop("limit")
                limit = int(given) if given.isascii() and given.isdigit() else given
            query = protocol.read_record(values, self.index)
        hits = self.index.find(query, limit=protocol.read_limit(limit), min_prob=self.min_prob)
        found = [protocol.found(self.index, hit) for hit in hits]
        return reply({"candidates": found})

    def _suggest_entity(self, request: Request) -> Response:
        prefix, start = _prefix(request)
        rows = self.index.begin_with(prefix)
        if prefix:
            hits = self.index.find(Query(prefix), limit=_SUGGESTED)
            rows = list(dict.fromkeys([*(h.row for h in hits if not h.similarity), *rows]))
            rows += [hit.row for hit in hits if hit.row not in rows]
        result = [
            {
                "id": self.index.id_of(row),
                "name": self.index.name_of(row),
                "description": protocol.describe(self.index, row),
                "notable": [protocol.entity_type(self.index)],
            }
            for row in rows[start : start + _SUGGESTED]
        ]
        return reply({"result": result})

    def _suggest_property(self, request: Request) -> Response:
        prefix, start = _prefix(request)
        fits = [c for c in self.index.table.columns if prefix.casefold() in c.casefold()]
        found = [{"id": c, "name": c} for c in fits[start : start + _SUGGESTED]]
        return reply({"result": found})

    def _suggest_type(self, request: Request) -> Response:
        prefix, start = _prefix(request)
        fits = not start and prefix.casefold() in self.index.title.casefold()
        return reply({"result": [protocol.entity_type(self.index)] if fits else []})

    def _propose(self, request: Request) -> Response:
        given = request.values.get("limit", "")
        columns = self.index.table.columns
        if given.isascii() and given.isdigit():
            columns = columns[: int(given)]
        found = [{"id": column, "name": column} for column in columns]
        return reply({"type": request.values.get("type", ""), "properties": found})

    def _page(self, request: Request) -> Response:
        row = self.index.row_of(request.values.get("id", ""))
        if row is None:
            raise Refused(404, f"no row has the id {request.values.get('id', '')!r:.80}")
        return Response(200, HTML, page(self.index, row).encode())

    def manifest(self, base: str) -> Json:
        """Return the service manifest, with addresses below ``base``."""
        kinds = ("entity", "property", "type")
        return {
            "versions": ["0.1", "0.2"],
            "name": self.index.title,
            "identifierSpace": f"{base}/view?id=",
            "schemaSpace": f"{base}/",
            "serviceVersion": version("transformer-tk"),
            "defaultTypes": [protocol.entity_type(self.index)],
            "batchSize": protocol.BATCH,
            "view": {"url": f"{base}/view?id={{{{id}}}}"},
            "preview": {
                "url": f"{base}/preview?id={{{{id}}}}",
                "width": WIDTH,
                "height": HEIGHT,
            },
            "suggest": {
                kind: {"service_url": base, "service_path": f"/suggest/{kind}"} for kind in kinds
            },
            "extend": {
                "propose_properties": {"service_url": base, "service_path": "/extend/propose"},
                "property_settings": [],
            },
        }


def _prefix(request: Request) -> tuple[str, int]:
    prefix, cursor = request.values.get("prefix", ""), request.values.get("cursor") or "0"
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 6):
        raise Refused(400, f"cursor must be a whole number, not {cursor!r:.40}")
    if len(prefix) > LONGEST_VALUE:
        raise Refused(400, "prefix is too long")
    return prefix.strip(), int(cursor)
