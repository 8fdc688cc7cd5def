"""The Reconciliation Service API 0.2 of the W3C community group, as data: queries in, answers out.

https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/. Nothing here
knows HTTP; what cannot be understood raises `Refused` with the status that says why.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from tk_link.lookup.index import Index
from tk_link.lookup.queries import LONGEST_VALUE, Hit, Query

BATCH = 100
"""Queries in one batch, at most; OpenRefine sends ten."""
_LIMIT, _MOST = 5, 100
"""Candidates of an answer where the query does not say, and at most."""
_MOST_CELLS = 100_000
"""Values of one data extension, at most."""
_KEYS = {"query", "type", "limit", "properties", "type_strict"}
_STRICTNESS = ("any", "should", "all")

Json = dict[str, object]


class Refused(Exception):
    """A request that is not answered, with an HTTP status and the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Asked:
    """A reconciliation query, understood.

    Attributes:
        query: What to look up.
        limit: Candidates wanted, at most.
        types: Types wanted; empty takes all.
    """

    query: Query
    limit: int
    types: tuple[str, ...] = ()


def read_json(text: str) -> object:
    """Parse JSON that a stranger sent."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise Refused(400, "the JSON is nested too deeply") from error
    except ValueError as error:
        raise Refused(400, f"not JSON: {error}") from error


def _refuse_constant(name: str) -> object:
    """Refuse what Python's reader takes beside JSON: NaN and the infinities."""
    raise ValueError(f"{name} is no JSON number")


def read_batch(text: str, index: Index) -> dict[str, Asked]:
    """Understand a batch of reconciliation queries."""
    batch = read_json(text)
    if not isinstance(batch, dict):
        raise Refused(400, f"queries must be an object of queries, not {_kind(batch)}")
    if len(batch) > BATCH:
        raise Refused(413, f"{len(batch)} queries in one batch; send {BATCH} at most")
    return {key: _read_query(key, query, index) for key, query in batch.items()}


def _read_query(key: str, query: object, index: Index) -> Asked:
    where = f"query {key!r}"
    if not isinstance(query, dict):
        raise Refused(400, f"{where} must be an object, not {_kind(query)}")
    unknown = sorted(set(query) - _KEYS)
    if unknown:
        raise Refused(400, f"{where}: unknown key {unknown[0]!r}; known are {sorted(_KEYS)}")
    blank = sorted(key for key, value in query.items() if value is None)
    if blank:
        raise Refused(400, f"{where}: {blank[0]} is null; leave it out")
    text = query.get("query")
    if not (text is None or isinstance(text, str)):
        raise Refused(400, f"{where}: query must be a text, not {_kind(text)}")
    if text is None and not query.get("properties"):
        raise Refused(400, f"{where} asks for nothing; give query or properties")
    if query.get("type_strict", "any") not in _STRICTNESS:
        raise Refused(400, f"{where}: type_strict must be one of {', '.join(_STRICTNESS)}")
    values = _read_properties(where, query.get("properties", []), index)
    _check_length(where, text or "")
    return Asked(
        Query(text, values), read_limit(query.get("limit")), _read_types(where, query.get("type"))
    )


def read_limit(limit: object) -> int:
    """Understand a number of candidates."""
    if limit is None:
        return _LIMIT
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not limit >= 1:
        raise Refused(400, f"limit must be a number from 1, not {limit!r:.40}")
    return int(min(limit, _MOST))


def _read_types(where: str, types: object) -> tuple[str, ...]:
    listed = [types] if isinstance(types, str) else [] if types is None else types
    if not isinstance(listed, list) or not all(isinstance(type_, str) for type_ in listed):
        raise Refused(400, f"{where}: type must be a text or a list of texts")
    return tuple(listed)


def _read_properties(where: str, properties: object, index: Index) -> dict[str, tuple[str, ...]]:
    if not isinstance(properties, list):
        raise Refused(400, f"{where}: properties must be a list, not {_kind(properties)}")
    values: dict[str, tuple[str, ...]] = {}
    for item in properties:
        if not isinstance(item, dict) or not isinstance(item.get("pid"), str) or "v" not in item:
            raise Refused(400, f"{where}: each property needs a text pid and a value v")
        given = item["v"] if isinstance(item["v"], list) else [item["v"]]
        read = tuple(_read_value(where, value) for value in given)
        values[item["pid"]] = values.get(item["pid"], ()) + read
    check_columns(values, index)
    return values


def _read_value(where: str, value: object) -> str:
    if isinstance(value, dict):
        name = value.get("name", value.get("id"))
        if not isinstance(value.get("id"), str) or not isinstance(name, str):
            raise Refused(400, f"{where}: an entity given as a value needs a text id")
        value = name
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # spreadsheets hold a postcode as 8010.0
    if not isinstance(value, str | int | float):
        raise Refused(400, f"{where}: a value must be text, number, truth or entity")
    try:
        text = str(value)
    except ValueError as error:  # an integer of thousands of digits
        raise Refused(400, f"{where}: {error}") from error
    _check_length(where, text)
    return text


def check_columns(columns: Mapping[str, object], index: Index) -> None:
    """Refuse names that are no columns of the table."""
    for column in columns:
        if column not in index.table.columns:
            known = ", ".join(index.table.columns)
            raise Refused(400, f"there is no column {column!r:.80}; there are {known}")


def _check_length(where: str, text: str) -> None:
    if len(text) > LONGEST_VALUE:
        raise Refused(
            400, f"{where}: a value of {len(text)} characters; send {LONGEST_VALUE} at most"
        )


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value"}
    return "nothing" if value is None else names.get(type(value), "a number")


def read_record(record: object, index: Index) -> Query:
    """Understand a record of `/match`: an object of columns and values; null is unknown."""
    if not isinstance(record, dict) or not record:
        raise Refused(400, 'give a record: {"record": {"name": "…"}}')
    known = {column: value for column, value in record.items() if value is not None}
    check_columns(known, index)
    return Query(values={c: (_read_value("record", value),) for c, value in known.items()})


def candidate(index: Index, hit: Hit) -> Json:
    """Return a reconciliation candidate; its score is the probability in percent."""
    return {
        "id": index.id_of(hit.row),
        "name": index.name_of(hit.row),
        "description": describe(index, hit.row),
        "type": [entity_type(index)],
        "score": round(100 * hit.probability, 2),
        "match": hit.is_match,
        "features": [{"id": name, "value": value} for name, value in hit.similarity.items()],
    }


def found(index: Index, hit: Hit) -> Json:
    """Return a hit of `/match`: the whole row, and what it is believed on."""
    return {
        "id": index.id_of(hit.row),
        "name": index.name_of(hit.row),
        "probability": round(hit.probability, 4),
        "score": round(hit.score, 2),
        "match": hit.is_match,
        "similarity": dict(hit.similarity),
        "record": index.table.row(hit.row, named=True),
    }


def describe(index: Index, row: int) -> str:
    """Return a row's values beside its name and id, as one line."""
    known = {*index.name_columns, index.id_column}
    values = (index.table[column][row] for column in index.table.columns if column not in known)
    line = " · ".join(value.strip() for value in values if value)
    return line if len(line) <= 160 else line[:159] + "…"


def entity_type(index: Index) -> Json:
    """Return the one type that all rows are of."""
    return {"id": index.title, "name": index.title}


def read_extension(text: str, index: Index) -> tuple[list[str], list[str]]:
    """Understand a data extension query: ids, and columns to fetch for them."""
    asked = read_json(text)
    if not isinstance(asked, dict):
        raise Refused(400, f"extend must be an object, not {_kind(asked)}")
    ids, properties = asked.get("ids"), asked.get("properties")
    if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
        raise Refused(400, "extend: ids must be a list of texts")
    if not isinstance(properties, list) or not all(
        isinstance(item, dict) and isinstance(item.get("id"), str) for item in properties
    ):
        raise Refused(400, "extend: properties must be a list of objects, each with a text id")
    if not all(isinstance(item.get("settings", {}), dict) for item in properties):
        raise Refused(400, "extend: the settings of a property must be an object")
    columns = [item["id"] for item in properties]
    check_columns(dict.fromkeys(columns), index)
    if len(ids) * len(columns) > _MOST_CELLS:
        raise Refused(
            413, f"extend: {len(ids)} ids; send fewer, for {_MOST_CELLS:,} values at most"
        )
    return ids, columns


def extension(index: Index, ids: list[str], columns: list[str]) -> Json:
    """Return the values of columns for rows; an id that names none has no values."""
    rows: Json = {}
    for id in ids:
        row = index.row_of(id)
        held = {} if row is None else {c: index.table[c][row] for c in columns}
        rows[id] = {c: [{"str": held[c]}] if held.get(c) else [] for c in columns}
    return {"meta": [{"id": column, "name": column} for column in columns], "rows": rows}
