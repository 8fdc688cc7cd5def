import json

import polars as pl
import pytest
from clusterings import made

from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.report import report_json
from tk_link.dedupe.settings import DedupeSettings
from tk_link.dedupe.stack import stack
from tk_link.dedupe.summary import summarise
from tk_link.frames import from_frame
from tk_link.linkage import Skipped


def said(clustering, people, settings=DedupeSettings(), *, kept=5, **options):  # noqa: B008 - frozen
    words = ["my people.csv"]
    return list(summarise(clustering, people, settings, kept=kept, words=words, **options))


def test_everything_that_was_found_is_said(clustering, people):
    assert said(clustering, people) == [
        "file        people.csv: 5 rows, 3 columns",
        "compared    name  name",
        "            city  text",
        "left out    id (names the rows)",
        "row id      id",
        "pairs       2 scored, 0.4 for each row; 1 joined",
        "clusters    1 of two rows or more, with 2 of 5 rows (--cluster average, cut 0.50)",
        "precision   about 91% of the joined pairs are true, estimated without labels",
        "largest     0.93    2 rows  Ann M. Berg | Oslo",
        "weakest     0.93    2 rows  Ann M. Berg | Oslo",
        "borderline  0.31 apart      Bob Cole | Bonn",
        "                            Di Ek | Kiel",
        "            0.93 joined     Ann Berg",
        "                            Ann M. Berg | Oslo",
        "next        keep the result: tk dedupe 'my people.csv' -o deduped.csv",
    ]


def test_rows_that_went_are_counted(clustering, people):
    settings = DedupeSettings(dedupe=DedupeConfig(keep="best"), output="o.csv", pairs="p.csv")
    lines = said(clustering, people, settings, kept=4)
    assert "kept        the most complete row of each cluster: 4 rows stay, 1 went" in lines
    assert "written     o.csv" in lines
    assert "pairs in    p.csv" in lines


def test_notes_warnings_and_timings(people):
    skipped = tuple(Skipped("t", f"c{at}", "constant") for at in range(9))
    found = made(people, skipped=skipped, warnings=("few pairs",), timings={"pairs": 0.25})
    text = "\n".join(said(found, people))
    assert "and 3 more (-v names them)" in text
    assert "warning     few pairs" in text
    text = "\n".join(said(found, people, verbose=True))
    assert "c8 (constant)" in text
    assert "time        pairs 0.2 s" in text


def test_several_files_and_a_clash_are_named(people):
    frame = people.table.frame.rename({"id": "cluster_id"})
    both = stack([from_frame(frame, "a.csv"), from_frame(frame, "b.csv")])
    lines = said(made(both, (0, 5, 0.9), id_column=None), both)
    assert lines[:2] == [
        "files       a.csv: 5 rows, 3 columns",
        "            b.csv: 5 rows, 3 columns",
    ]
    assert "row id      none; the row number stands for it" in lines
    assert "note        column 'cluster_id' is yours and stays; ours is 'cluster_id_'" in lines


@pytest.mark.parametrize(
    ("settings", "more", "advice"),
    [
        (DedupeSettings(output="o"), {}, "one row of each cluster: .* --keep best$"),
        (
            DedupeSettings(output="o", dedupe=DedupeConfig(keep="first")),
            {"precision": 0.7},
            "fewer but surer pairs: .* --cluster complete$",
        ),
        (
            DedupeSettings(output="o", dedupe=DedupeConfig(keep="first")),
            {},
            "repeat it from a file: .* --print-config > dedupe.toml$",
        ),
    ],
)
def test_the_next_command_follows_from_this_one(people, settings, more, advice):
    lines = said(made(people, (0, 2, 0.9), **more), people, settings)
    assert pl.Series(lines[-1:]).str.contains(advice)[0]


def test_no_duplicates_come_with_advice(people):
    assert (
        "the best has 0.43; to see some: tk dedupe 'my people.csv' --min-prob 0.35"
        in (said(made(people, (0, 2, 0.43)), people)[-1])
    )
    lines = said(made(people), people)
    assert "nothing alike was found; name the columns: tk dedupe" in lines[-1]
    assert not any(line.startswith("precision") for line in lines)


def test_report_is_json_with_all_figures(clustering, people):
    report = json.loads(report_json(clustering, people, DedupeSettings(), kept=5))
    assert report["files"] == [
        {"name": "people.csv", "rows": 5, "columns": ["id", "name", "city"], "notes": []}
    ]
    assert report["fields"][0] == {"column": "name", "type": "name", "weight": 1.0}
    assert report["skipped"] == [{"column": "id", "reason": "names the rows"}]
    assert (report["clusters"], report["clustered_rows"], report["joined_pairs"]) == (1, 2, 1)
    assert report["borderline"][1]["is_joined"] is True
    assert report["kept_rows"] == 5
