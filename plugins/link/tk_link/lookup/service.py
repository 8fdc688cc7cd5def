"""What the server answers to which address, without a socket in sight."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from tk_link.lookup import protocol
from tk_link.lookup.index import Index
from tk_link.lookup.manifest import manifest
from tk_link.lookup.pages import page
from tk_link.lookup.protocol import Json, Refused
from tk_link.lookup.queries import LONGEST_VALUE, Query

_SUGGESTED = 10
_LONGEST_REASON = 200
JSON, HTML = "application/json; charset=utf-8", "text/html; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """A request, parsed.

    Attributes:
        path: Path without the query string.
        values: Parameters of the address and of a form body.
        json: Text of a JSON body, if there was one.
        base: Address that the client reached the server by, without a slash at the end.
        target: What the client wrote behind the ``?``, not decoded.
    """

    path: str
    values: Mapping[str, str]
    json: str | None
    base: str
    target: str = ""


@dataclass(frozen=True)
class Response:
    """A status, what the body is, the body, and the status in words where they are our own."""

    status: int
    kind: str
    body: bytes
    reason: str | None = None


def reply(content: object) -> Response:
    """Return JSON."""
    return Response(200, JSON, json.dumps(content, allow_nan=False).encode())


def refusal(status: int, reason: str) -> Response:
    """Return why a request is not answered, as JSON and in the status line.

    OpenRefine shows its user the status line alone.
    """
    body = json.dumps({"status": "error", "message": reason}).encode()
    line = "".join(c if " " <= c <= "~" else "?" for c in reason)
    return Response(status, JSON, body, line[:_LONGEST_REASON])


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
            return refusal(refused.status, refused.reason)

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
        return reply(manifest(self.index, request.base))

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
                limit = _whole("limit", values.pop("limit"))
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
        result: list[Json] = [
            {
                "id": self.index.id_of(row),
                "name": self.index.name_of(row),
                "description": protocol.describe(self.index, row),
                "notable": [self.index.title],  # as text: OpenRefine joins them with commas
            }
            for row in rows[start : start + _SUGGESTED]
        ]
        return _suggestions(result, start, len(rows))

    def _suggest_property(self, request: Request) -> Response:
        prefix, start = _prefix(request)
        fits = [c for c in self.index.table.columns if prefix.casefold() in c.casefold()]
        found: list[Json] = [{"id": c, "name": c} for c in fits[start : start + _SUGGESTED]]
        return _suggestions(found, start, len(fits))

    def _suggest_type(self, request: Request) -> Response:
        prefix, start = _prefix(request)
        fits = not start and prefix.casefold() in self.index.title.casefold()
        return _suggestions([protocol.entity_type(self.index)] if fits else [], start, int(fits))

    def _propose(self, request: Request) -> Response:
        given = request.values.get("limit")
        limit = _whole("limit", given) if given else None
        said: Json = {} if limit is None else {"limit": limit}
        said |= {key: text for key, text in request.values.items() if key == "type"}
        found = [{"id": column, "name": column} for column in self.index.table.columns[:limit]]
        return reply(said | {"properties": found})

    def _page(self, request: Request) -> Response:
        id = request.values.get("id", "")
        rows = [self.index.row_of(text) for text in (_rest(request.target), id)]
        row = next((row for row in rows if row is not None), None)
        if row is None:
            raise Refused(404, f"no row has the id {id!r:.80}")
        return Response(200, HTML, page(self.index, row).encode())


def _prefix(request: Request) -> tuple[str, int]:
    prefix, cursor = request.values.get("prefix", ""), request.values.get("cursor") or "0"
    start = _whole("cursor", cursor)
    if len(prefix) > LONGEST_VALUE:
        raise Refused(400, "prefix is too long")
    return prefix.strip(), start


def _suggestions(found: list[Json], start: int, known: int) -> Response:
    """Return suggestions, and where to go on if there are more: OpenRefine then offers them."""
    end = start + len(found)
    return reply({"result": found} | ({"cursor": end} if found and end < known else {}))


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused(400, f"{name} must be a whole number, not {text!r:.40}")
    return int(text)


def _rest(target: str) -> str:
    """Return all that follows ``id=``: OpenRefine leaves ``&`` and ``+`` of an id as they are."""
    return unquote(target.removeprefix("id=")) if target.startswith("id=") else ""
