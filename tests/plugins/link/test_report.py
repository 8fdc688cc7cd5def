import json
import math

from tk_link.report import report_json
from tk_link.settings import Settings


def test_report_is_json_with_all_decisions(linkage, left, right):
    report = json.loads(report_json(linkage, left, right, Settings()))
    assert report["left"] == {
        "name": "left.csv",
        "rows": 5,
        "columns": ["id", "name"],
        "notes": [],
        "id": "id",
    }
    assert report["fields"] == [
        {"left": "name", "right": "name", "type": "name", "why": "same name", "weight": 1.0}
    ]
    assert report["skipped"] == [{"table": "left", "column": "id", "reason": "names rows"}]
    assert report["counts"] == {
        "match": 1,
        "review": 1,
        "variant": 0,
        "tie": 0,
        "lost": 1,
        "none": 2,
    }
    assert (report["how"], report["cut"], report["precision"]) == ("1:1", 0.5, 0.91)
    assert report["borderline"][0]["left"] == "Bob"


def test_unknown_figures_are_null(decide, left, right):
    linkage = decide(precision=math.nan, precision_range=(math.nan, math.nan))
    report = json.loads(report_json(linkage, left, right, Settings()), parse_constant=float)
    assert report["precision"] is None
    assert report["precision_range"] == [None, None]
