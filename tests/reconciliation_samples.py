"""Good messages of the Reconciliation Service API 0.2, and how to spoil them at random."""

import copy

THEME = {"id": "c", "name": "City", "broader": [{"id": "p", "name": "Place", "description": "d"}]}
PLACE = {"service_url": "https://a.example", "service_path": "/suggest"}
FLYOUT = PLACE | {"flyout_service_url": "https://b.example", "flyout_service_path": "/f?id=${id}"}
LABELS = {"label": "L", "name": "n", "help_text": "h"}
MANIFEST = {
    "versions": ["0.1", "0.2"],
    "name": "Cities",
    "identifierSpace": "https://a.example/id/",
    "schemaSpace": "https://a.example/type/",
    "documentation": "https://a.example/",
    "serviceVersion": "1",
    "logo": "https://a.example/logo.png",
    "batchSize": 10,
    "view": {"url": "https://a.example/{{id}}"},
    "feature_view": {"url": "https://a.example/feature/{{id}}"},
    "defaultTypes": [THEME, {"id": "r", "name": "River"}],
    "suggest": {"entity": FLYOUT, "property": PLACE, "type": PLACE},
    "preview": {"url": "https://a.example/p/{{id}}", "width": 400, "height": 200},
    "extend": {
        "propose_properties": PLACE,
        "property_settings": [
            LABELS | {"type": "number", "default": 0},
            LABELS | {"type": "text", "default": ""},
            LABELS | {"type": "checkbox", "default": True},
            LABELS | {"type": "select", "default": "a", "choices": [{"value": "a", "name": "A"}]},
        ],
    },
}
AUTH, TOKEN = {"authorizationUrl": "https://a.example/auth"}, {"tokenUrl": "https://a.example/t"}
SCHEMES = [
    {"type": "basic", "description": "d", "x-more": 1},
    {"type": "apiKey", "name": "key", "in": "query"},
    {"type": "oauth2", "flow": "implicit", "scopes": {"read": "r"}, **AUTH},
    {"type": "oauth2", "flow": "password", **TOKEN},
    {"type": "oauth2", "flow": "application", "scopes": {}, **TOKEN},
    {"type": "oauth2", "flow": "accessCode", **AUTH, **TOKEN},
]
VALUES = ["Graz", 7, 1.5, True, {"id": "c1", "name": "Graz"}, ["Graz", 8, {"id": "c2"}]]
DATES = ["1987-02-01T00:00:00+00:00", "-12345-12-31T23:59:59.5Z", "0001-01-01T00:00:00"]
CELLS = [{}, {"id": "a", "name": "A", "description": "d"}, {"str": ""}, {"float": 1.5}, {"int": 3}]
SAMPLES = {
    "manifest": [MANIFEST, *({**MANIFEST, "authentication": scheme} for scheme in SCHEMES)],
    "type": [THEME],
    "reconciliation-query-batch": [
        {
            "q0": {"query": "Graz", "type": "c", "limit": 3, "type_strict": "should"},
            "q1": {"query": "", "type": ["c", "r"], "type_strict": "any"},
            "q2": {"properties": [{"pid": "p", "v": value} for value in VALUES]},
            "two\nlines": {"query": "Graz", "type_strict": "all", "properties": []},
        }
    ],
    "reconciliation-result-batch": [
        {
            "q0": {
                "result": [
                    {
                        "id": "c1",
                        "name": "Graz",
                        "description": "d",
                        "score": 99.5,
                        "match": True,
                        "type": [{"id": "c", "name": "City"}, "r"],
                        "features": [{"id": "f", "value": 0.5}, {"id": "g", "value": False}],
                    },
                    {"id": "c2", "name": "Linz", "score": 1},
                ]
            },
            "q1": {"result": []},
        }
    ],
    "suggest-entities-response": [
        {"result": [{"id": "c1", "name": "G", "description": "d", "notable": ["c", {"id": "r"}]}]}
    ],
    "suggest-properties-response": [{"result": [{"id": "p", "name": "P", "description": "d"}]}],
    "suggest-types-response": [{"result": [THEME]}],
    "data-extension-property-proposal": [
        {"properties": [{"id": "p", "name": "P", "description": "d"}], "type": "c", "limit": 3}
    ],
    "data-extension-query": [
        {"ids": ["c1", "c2"], "properties": [{"id": "p", "settings": {"limit": 1}}, {"id": "q"}]}
    ],
    "data-extension-response": [
        {
            "meta": [
                {"id": "p", "name": "P", "type": {"id": "c", "name": "City"}},
                {"id": "q", "name": "Q", "service": "https://a.example/api"},
            ],
            "rows": {"c1": {"p": CELLS, "q": [{"date": date} for date in DATES]}, "c2": {"p": []}},
        }
    ],
}
ODD = [
    None, True, False, 0, 3, 1.0, 2.5, -1, "", "x", [], {}, [None], [""], [[]], {"id": "x"}, ["x"],
    {"id": 1}, {"id": "x", "name": "y"}, {"id": "x", "name": 3}, {"str": "x"}, {"int": 1.0},
    {"str": "x", "id": "y"}, {"bool": True}, {"date": "2020-02-30T00:00:00Z"},
    {"query": ""}, {"query": "x", "more": 1}, {"properties": []}, {"result": [{}]},
    "0.2", "1.0", "should", "all", "any", "maybe", "number", "select", "checkbox", "basic",
    {"result": None}, "apiKey", "oauth2", "implicit", "password", "accessCode", "header", "cookie",
    "{{id}}", "{id}", "${id}",
    "http://a", "https://a.example/x", "HTTPS://a.example", "ftp://a.example", "file:///etc", "//a",
    "http://a b", "https://ä.example", "urn:x", "javascript:alert(1)", "https:", "2020-01-01",
    "2020-13-01T00:00:00Z", "2020-12-32T00:00:00Z", "2020-12-01T24:00:00Z", "2020-12-01T23:60:00",
    "2020-12-01 23:00:00", "20-12-01T23:00:00", "02020-12-01T00:00:00Z", "12020-12-01T00:00:00Z",
    "2020-12-01T00:00:00.Z", "2020-12-01T00:00:00+24:00", "2020-12-01T00:00:00z",
    "2020-12-01T00:00:00Z\n", " 2020-12-01T00:00:00Z", "٢٠٢٠-12-01T00:00:00Z",
    "+2020-12-01T00:00:00",
]  # fmt: skip
KEYS = [
    "id", "name", "description", "type", "broader", "query", "properties", "limit", "v", "pid",
    "str", "int", "float", "date", "default", "choices", "service", "result", "score", "x-y", "x",
    "", "a\nb",
]  # fmt: skip


def places(message):
    """Return every object and list inside a message, itself first."""
    inner = message.values() if isinstance(message, dict) else message
    below = [p for item in inner if isinstance(item, dict | list) for p in places(item)]
    return [message, *below]


def spoil(message, chance):
    """Return a copy with one to three things dropped, added, doubled, emptied or made odd."""
    holder = [copy.deepcopy(message)]
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        place = chance.choice(places(holder))
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        act = chance.choice(["drop", "odd", "odd", "odd", "add", "empty", "double"])
        if act == "add" or not keys:
            new = copy.deepcopy(chance.choice(ODD))
            if isinstance(place, dict):
                place[chance.choice(KEYS)] = new
            elif place is not holder:
                place.append(new)
            continue
        key = chance.choice(keys)
        if act == "drop" and place is not holder:
            del place[key]
        elif act == "empty" and isinstance(place[key], dict | list):
            place[key].clear()
        elif act == "double" and isinstance(place[key], list):
            place[key] = place[key] + copy.deepcopy(place[key])
        else:
            place[key] = copy.deepcopy(chance.choice(ODD))
    return holder[0]
