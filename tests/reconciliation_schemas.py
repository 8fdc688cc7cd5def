"""What the Reconciliation Service API 0.2 says of each message, restated as JSON Schema.

The requirements are those of the schemas published with the specification
(github.com/reconciliation-api/specs, folder 0.2/schemas); the wording is ours.
"""

TEXT, NUMBER, TRUTH = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
WITH_ID = {"type": "string", "pattern": r"\{\{id\}\}"}


def thing(required, **properties):
    return {"type": "object", "required": required, "properties": properties}


def only(required, **properties):
    return thing(required, **properties) | {"additionalProperties": False}


def many(items):
    return {"type": "array", "items": items}


def keyed(values):
    return {"type": "object", "additionalProperties": values}


TYPE = thing(["id", "name"], id=TEXT, name=TEXT, description=TEXT, broader=many({"type": "object"}))
TYPE_OR_ID = {"oneOf": [thing(["id"], id=TEXT, name=TEXT), TEXT]}
PLACE = thing(
    [],
    service_url=TEXT,
    service_path=TEXT,
    flyout_service_url=TEXT,
    flyout_service_path={"type": "string", "pattern": r"\$\{id\}"},
)
SETTING = thing(
    ["type", "label", "name"], type={"enum": ["number", "text", "checkbox", "select"]}, label=TEXT
)
MANIFEST = thing(
    ["versions", "name", "identifierSpace", "schemaSpace"],
    versions=many(TEXT) | {"contains": {"const": "0.2"}},
    name=TEXT,
    identifierSpace=TEXT,
    schemaSpace=TEXT,
    documentation=TEXT,
    serviceVersion=TEXT,
    logo=TEXT,
    batchSize={"type": "integer"},
    view=thing(["url"], url=WITH_ID),
    feature_view=thing(["url"], url=WITH_ID),
    defaultTypes=many(TYPE) | {"uniqueItems": True},
    suggest=thing([], entity=PLACE, property=PLACE, type=PLACE),
    preview=thing(
        ["url", "width", "height"],
        url=WITH_ID,
        width={"type": "integer"},
        height={"type": "integer"},
    ),
    extend=thing([], propose_properties=PLACE, property_settings=many(SETTING)),
)
VALUE = {"oneOf": [TEXT, NUMBER, TRUTH, thing(["id"], id=TEXT, name=TEXT)]}
QUERIES = keyed(
    only(
        [],
        query=TEXT,
        type={"oneOf": [TEXT, many(TEXT)]},
        limit=NUMBER,
        properties=many(thing(["pid", "v"], pid=TEXT, v={"oneOf": [VALUE, many(VALUE)]})),
        type_strict={"enum": ["any", "should", "all"]},
    )
    | {
        "anyOf": [
            {"required": ["query"]},
            {"required": ["properties"], "properties": {"properties": {"minItems": 1}}},
        ]
    }
)
CANDIDATE = thing(
    ["id", "name", "score"],
    id=TEXT,
    name=TEXT,
    description=TEXT,
    score=NUMBER,
    match=TRUTH,
    type=many(TYPE_OR_ID),
    features=many(thing([], id=TEXT, value={"oneOf": [TRUTH, NUMBER]})),
)
RESULTS = keyed(thing(["result"], result=many(CANDIDATE)))
ENTITIES = thing(
    ["result"],
    result=many(
        thing(["id", "name"], id=TEXT, name=TEXT, description=TEXT, notable=many(TYPE_OR_ID))
    ),
)
PROPERTIES = thing(
    ["result"], result=many(thing(["id", "name"], id=TEXT, name=TEXT, description=TEXT))
)
TYPES = thing(["result"], result=many(TYPE))
EXTEND = thing(
    ["ids", "properties"],
    ids=many(TEXT),
    properties=many(thing(["id"], id=TEXT, settings={"type": "object"})),
)
CELL = {
    "oneOf": [
        only([]),
        only(["id", "name"], id=TEXT, name=TEXT, description=TEXT),
        only(["str"], str=TEXT),
        only(["float"], float=NUMBER),
        only(["int"], int={"type": "integer"}),
        only(["date"], date={"type": "string", "pattern": r"^-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d"}),
    ]
}
EXTENDED = thing(
    ["rows", "meta"],
    meta=many(thing(["id", "name"], id=TEXT, name=TEXT, type=thing(["id"], id=TEXT), service=TEXT)),
    rows=keyed(keyed(many(CELL))),
)
