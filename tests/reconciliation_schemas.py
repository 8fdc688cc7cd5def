"""What the Reconciliation Service API 0.2 says of each message, restated as JSON Schema.

The requirements are those of the schemas published with the specification
(github.com/reconciliation-api/specs, folder 0.2/schemas), by the names of their files; the wording
is ours. `test_restatement.py` compares the two where the published files are at hand.
"""

import json
import re
from pathlib import Path

from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

TEXT, NUMBER, WHOLE, TRUTH = ({"type": t} for t in ("string", "number", "integer", "boolean"))
ONE_LINE = "^.*$"  # keys of several lines are not looked at, nor are they by the published schemas


def thing(required="", /, **properties):
    """Return an object with some required keys; others than those named are free."""
    return {"type": "object", "required": required.split(), "properties": properties}


def only(required="", /, **properties):
    return thing(required, **properties) | {"additionalProperties": False}


def many(items):
    return {"type": "array", "items": items}


def keyed(pattern, values):
    return {"type": "object", "patternProperties": {pattern: values}}


def one_of(*kinds):
    return {"oneOf": list(kinds)}


def a_word(*words):
    return {"type": "string", "enum": list(words)}


def holding(mark):
    return TEXT | {"pattern": re.escape(mark)}


# Entities, types and where to find them

TYPE = {"$ref": "#/definitions/kind"}
DEFINITIONS = {"kind": thing("id name", id=TEXT, name=TEXT, description=TEXT, broader=many(TYPE))}
NAMED = thing("id name", id=TEXT, name=TEXT, description=TEXT)
TYPE_OR_ID = one_of(thing("id", id=TEXT, name=TEXT), TEXT)
PLACE = thing(service_url=TEXT, service_path=TEXT)
SUGGEST = thing(
    **PLACE["properties"], flyout_service_url=TEXT, flyout_service_path=holding("${id}")
)
TEMPLATE = thing("url", url=holding("{{id}}"))


# The manifest


def setting(kind, default, needs="", **more):
    return thing(
        f"type label name {needs}",
        type=a_word(kind),
        default=default,
        label=TEXT,
        name=TEXT,
        help_text=TEXT,
        **more,
    )


SETTING = one_of(
    setting("number", NUMBER),
    setting("text", TEXT),
    setting("checkbox", TRUTH),
    setting("select", TEXT, "choices", choices=many(thing("value name", value=TEXT, name=TEXT))),
)
URI = TEXT | {"format": "uri"}


def security(kind, needs="", **properties):
    """Return a security scheme of OpenAPI 2; extensions (``x-…``) may be anything."""
    properties |= {"type": a_word(kind), "description": TEXT}
    return only(f"type {needs}", **properties) | {"patternProperties": {"^x-": {}}}


def oauth(flow, **addresses):
    scopes = {"type": "object", "additionalProperties": TEXT}
    needs = " ".join(["flow", *addresses])
    return security("oauth2", needs, flow=a_word(flow), scopes=scopes, **addresses)


SECURITY = one_of(
    security("basic"),
    security("apiKey", "name in", **{"name": TEXT, "in": a_word("header", "query")}),
    oauth("implicit", authorizationUrl=URI),
    oauth("password", tokenUrl=URI),
    oauth("application", tokenUrl=URI),
    oauth("accessCode", authorizationUrl=URI, tokenUrl=URI),
)
MANIFEST = thing(
    "versions name identifierSpace schemaSpace",
    versions=many(TEXT) | {"contains": {"const": "0.2"}},
    name=TEXT,
    identifierSpace=TEXT,
    schemaSpace=TEXT,
    documentation=TEXT,
    serviceVersion=TEXT,
    logo=TEXT,
    authentication=SECURITY,
    view=TEMPLATE,
    feature_view=TEMPLATE,
    defaultTypes=many(TYPE) | {"uniqueItems": True},
    suggest=thing(entity=SUGGEST, property=SUGGEST, type=SUGGEST),
    preview=thing("url width height", url=holding("{{id}}"), width=WHOLE, height=WHOLE),
    extend=thing(propose_properties=PLACE, property_settings=many(SETTING)),
)


# Queries and candidates

VALUE = one_of(TEXT, NUMBER, TRUTH, thing("id", id=TEXT, name=TEXT))
QUERY = only(
    query=TEXT,
    type=one_of(TEXT, many(TEXT)),
    limit=NUMBER,
    properties=many(thing("pid v", pid=TEXT, v=one_of(VALUE, many(VALUE)))),
    type_strict=a_word("any", "should", "all"),
)
ASKS = [thing("query"), thing("properties", properties={"minItems": 1})]
CANDIDATE = thing(
    "id name score",
    id=TEXT,
    name=TEXT,
    description=TEXT,
    score=NUMBER,
    match=TRUTH,
    type=many(TYPE_OR_ID),
    features=many(thing(id=TEXT, value=one_of(TRUTH, NUMBER))),
)


# Data extension

_DAY = "-?([1-9][0-9]*)?[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_HOUR, _SIXTY = "([01][0-9]|2[0-3])", "[0-5][0-9]"
_ZONE = f"(Z|[+-]{_HOUR}:{_SIXTY})"
MOMENT = f"^{_DAY}T{_HOUR}:{_SIXTY}:{_SIXTY}([.][0-9]+)?{_ZONE}?$"
CELL = one_of(
    only(),
    only("id name", **NAMED["properties"]),
    only("str", str=TEXT),
    only("float", float=NUMBER),
    only("int", int=WHOLE),
    only("date", date=TEXT | {"pattern": MOMENT}),
)
META = thing(
    "id name",
    id=TEXT,
    name=TEXT,
    type=thing("id", id=TEXT, name=TEXT),
    service=URI | {"pattern": "^https?://"},
)

SCHEMAS = {
    "manifest": MANIFEST,
    "type": DEFINITIONS["kind"],
    "reconciliation-query-batch": keyed(ONE_LINE, QUERY | {"anyOf": ASKS}),
    "reconciliation-result-batch": keyed(ONE_LINE, thing("result", result=many(CANDIDATE))),
    "suggest-entities-response": thing(
        "result", result=many(thing("id name", **NAMED["properties"], notable=many(TYPE_OR_ID)))
    ),
    "suggest-properties-response": thing("result", result=many(NAMED)),
    "suggest-types-response": thing("result", result=many(TYPE)),
    "data-extension-property-proposal": thing(
        "properties", properties=many(NAMED), type=TEXT, limit=NUMBER
    ),
    "data-extension-query": thing(
        "ids properties",
        ids=many(TEXT),
        properties=many(thing("id", id=TEXT, settings={"type": "object"})),
    ),
    "data-extension-response": thing(
        "rows meta", meta=many(META), rows=keyed("", keyed("", many(CELL)))
    ),
}


# Validators

FORMATS = FormatChecker(formats=())


@FORMATS.checks("uri")
def is_uri(value):
    """Tell whether a text has a scheme and else only what RFC 3986 lets a URI be made of."""
    scheme_and_rest = r"[A-Za-z][A-Za-z0-9+.\-]*:([!#$&-;=?-\[\]_a-z~]|%[0-9A-Fa-f]{2})*"
    return not isinstance(value, str) or bool(re.fullmatch(scheme_and_rest, value))


def ours():
    """Return a validator of each message, by the name of the published schema's file."""
    return {
        name: Draft7Validator(schema | {"definitions": DEFINITIONS}, format_checker=FORMATS)
        for name, schema in SCHEMAS.items()
    }


def published(folder):
    """Return validators of the schemas that a folder holds, as they were published."""
    found = {path.stem: json.loads(path.read_text()) for path in Path(folder).glob("*.json")}
    missing = {*SCHEMAS, "openapi"} - set(found)
    assert not missing, f"{folder} lacks {', '.join(sorted(missing))}"
    resources = [Resource(schema, DRAFT7) for schema in found.values()]
    known = Registry().with_resources([(r.id(), r) for r in resources])
    return {
        name: Draft7Validator(schema, registry=known, format_checker=FORMATS)
        for name, schema in found.items()
        if name in SCHEMAS
    }
