"""The service manifest: what a client is told when it is given nothing but our address."""

from __future__ import annotations

from importlib.metadata import version

from tk_link.lookup.index import Index
from tk_link.lookup.pages import HEIGHT, WIDTH
from tk_link.lookup.protocol import BATCH, Json, entity_type

VERSIONS = ("0.2",)
"""Versions of the protocol that are spoken. 0.1 demands JSONP, with which any web page could read a
table that only this machine is meant to."""


def manifest(index: Index, base: str) -> Json:
    """Return the service manifest, with addresses below ``base``."""
    return {
        "versions": list(VERSIONS),
        "name": index.title,
        "identifierSpace": f"{base}/view?id=",
        "schemaSpace": f"{base}/",
        "serviceVersion": version("transformer-tk"),
        "defaultTypes": [entity_type(index)],
        "batchSize": BATCH,
        "view": {"url": f"{base}/view?id={{{{id}}}}"},
        "preview": {"url": f"{base}/preview?id={{{{id}}}}", "width": WIDTH, "height": HEIGHT},
        "suggest": {
            kind: {"service_url": base, "service_path": f"/suggest/{kind}"}
            for kind in ("entity", "property", "type")
        },
        "extend": {
            "propose_properties": {"service_url": base, "service_path": "/extend/propose"},
            "property_settings": [],
        },
    }
