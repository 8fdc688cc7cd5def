"""`tk dedupe --state` from files to files, through the real pipeline."""

import json
import os
import sqlite3
from pathlib import Path

import polars as pl
import pytest
from killing import kill_runs, looked_into
from registers import registers

from tk_cli.main import main
from tk_link import dedupe
from tk_link.auditing.judgements import Journal


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A register and another in two parts, as csv files in the current folder."""
    monkeypatch.chdir(tmp_path)
    made = registers(60, 30, 20, seed=5)
    left = made.left.with_row_index("id").with_columns(id=pl.format("A{}", "id"))
    right = made.right.with_row_index("id")
    right = right.with_columns(id=pl.format("B{}", "id"))
    left.write_csv("crm.csv")
    right.head(40).write_csv("jan.csv")
    right.tail(-40).write_csv("feb.csv")


def read(name):
    return pl.read_csv(name, infer_schema=False)


def run(*words):
    return main(["dedupe", *words, "--state", "links.state", "-q"])


def is_same_clustering(one, other):
    ids = pl.DataFrame({"one": one["cluster_id"], "other": other["cluster_id"]}).unique()
    assert ids.height == one["cluster_id"].n_unique() == other["cluster_id"].n_unique()
    return one.drop("cluster_id").equals(other.drop("cluster_id"))


def test_in_parts_is_as_at_once_ids_stay_and_the_same_again_is_nothing(files, capsys):
    for name in ("crm", "jan", "feb"):
        assert run(f"{name}.csv", "-o", f"after-{name}.csv") == 0
    assert main(["dedupe", "crm.csv", "jan.csv", "feb.csv", "-q", "-o", "full.csv"]) == 0
    grown, before = read("after-feb.csv"), read("after-jan.csv")
    assert is_same_clustering(grown, read("full.csv"))
    old = grown.head(len(before))
    assert (old["cluster_id"] == before["cluster_id"]).mean() >= 0.95
    state = (os.stat("links.state").st_mtime_ns, os.stat("links.state").st_size)
    os.rename("feb.csv", "renamed.csv")
    assert main(["dedupe", "renamed.csv", "jan.csv", "--state", "links.state", "-o", "b.csv"]) == 0
    said = capsys.readouterr().err
    assert "nothing new since run 3" in said
    assert "renamed.csv: the same rows as feb.csv, read before" in said
    with open("after-feb.csv", "rb") as one, open("b.csv", "rb") as other:
        assert one.read() == other.read()
    assert (os.stat("links.state").st_mtime_ns, os.stat("links.state").st_size) == state


def test_judgements_are_kept_obeyed_and_overruled(files, capsys):
    assert run("crm.csv", "jan.csv", "-o", "a.csv", "--pairs", "p.csv") == 0
    one, other = read("p.csv").sort("match_probability").row(-1)[:2]
    alone = read("a.csv").filter(pl.col("cluster_size") == "1")["cluster_id"].to_list()[:2]
    Journal.append(journal := Journal(Path("j.csv")), {(one, other): "n", tuple(alone): "y"})
    assert run("--judged", "j.csv", "-o", "b.csv") == 0
    ids = cluster_of("b.csv")
    assert ids[one] != ids[other]
    assert ids[alone[0]] == ids[alone[1]] == alone[0]
    os.remove("j.csv")
    assert run("feb.csv", "-o", "c.csv") == 0
    ids = cluster_of("c.csv")
    assert ids[one] != ids[other]
    assert ids[alone[0]] == ids[alone[1]]
    journal.append({(other, one): "y", ("x", "y"): "y"})
    assert main(["dedupe", "--state", "links.state", "--judged", "j.csv", "-o", "d.csv"]) == 0
    assert cluster_of("d.csv")[one] == cluster_of("d.csv")[other]
    assert "2 pairs the same, 0 different; 1 name rows that are not here (yet)" in (
        capsys.readouterr().err
    )
    journal.append({(one, other): "n", (other, alone[0]): "y", (alone[1], one): "y"})
    assert run("--judged", "j.csv", "-o", "e.csv") == 3
    assert "are judged different, but other judgements" in capsys.readouterr().err


def cluster_of(name):
    rows = read(name).select(pl.concat_str("source", pl.lit(":"), "id"), "cluster_id").rows()
    return dict(rows)


def test_judgements_without_a_state(files, capsys):
    Journal(Path("j.csv")).append({("B0", "B1"): "y"})
    assert main(["dedupe", "jan.csv", "-q", "--judged", "j.csv", "-o", "b.csv"]) == 0
    ids = dict(read("b.csv").select("id", "cluster_id").rows())
    assert ids["B0"] == ids["B1"]
    assert main(["dedupe", "crm.csv", "-q", "--judged", "j.csv"]) == 3
    assert "no judged pair names rows of these tables" in capsys.readouterr().err
    assert main(["dedupe", "crm.csv", "-q", "--judged", "none.csv"]) == 3


def test_wrong_uses_are_said_before_anything_is_written(files, capsys):
    assert main(["dedupe", "--state", "none.state"]) == 2
    assert main(["dedupe", "crm.csv", "--state", "x.state", "-o", "x.state"]) in (2, 3)
    assert main(["dedupe", "crm.csv", "--state", "crm.csv"]) == 2
    assert main(["dedupe", "crm.csv", "--state", "jan.csv"]) == 3
    assert "is no state of tk dedupe" in capsys.readouterr().err
    assert main(["dedupe", "crm.csv", "--state", "x.state", "--draws", "3"]) == 2
    assert main(["dedupe", "crm.csv", "--state", "x.state", "--on", "nmae"]) == 3
    assert main(["dedupe", "--state", "x.state"]) == 2  # made by the run before, which failed
    assert "the state holds no rows yet" in capsys.readouterr().err
    assert main(["dedupe", "crm.csv", "--state", "y.state", "--plan"]) == 0
    assert not os.path.exists("y.state")


def test_report_tells_programs_what_arrived(files, capsys):
    assert run("crm.csv", "--json") == 0
    assert run("jan.csv", "crm.csv", "--json", "--min-prob", "0.6") == 0
    out = capsys.readouterr().out
    state = json.loads(out[out.index("\n}\n{") + 3 :])["state"]
    assert (state["run"], state["changed_options"]) == (2, ["min_prob"])
    assert [(each["name"], each["new"], each["known"]) for each in state["tables"]] == [
        ("jan.csv", 40, 0),
        ("crm.csv", 0, len(read("crm.csv"))),
    ]


def run_keeping(*words):
    return main(["dedupe", *words, "--state", "links.state", "--earlier", "keep"])


def test_kept_clusters_neither_meet_nor_part_and_all_earlier_ids_stay(files, capsys):
    assert run_keeping("crm.csv", "-o", "a.csv") == 0  # nothing was before: as ever
    assert main(["dedupe", "crm.csv", "-q", "-o", "full.csv"]) == 0
    assert is_same_clustering(read("a.csv").drop("source"), read("full.csv"))
    said = capsys.readouterr().err
    assert "\nearlier " not in said
    # one of two who were alone is a copy of the other now, which a run that revises would join
    crm, ids = read("crm.csv"), cluster_of("a.csv")
    alone = [row for row, id in ids.items() if [*ids.values()].count(id) == 1]
    one, other = (row.removeprefix("crm.csv:") for row in alone[:2])
    copy = crm.filter(id=other).with_columns(id=pl.lit(one))
    gone = next(id for id in crm["id"] if id not in (one, other))
    pl.concat([copy, crm.filter(~pl.col("id").is_in([one, gone]))]).write_csv("crm.csv")
    assert run_keeping("crm.csv", "jan.csv", "-o", "b.csv") == 0
    said = capsys.readouterr().err
    assert "1 changed" in said
    assert "1 earlier ones not in it any more, which stay" in said
    now = cluster_of("b.csv")
    assert {row: now[row] for row in ids} == ids
    assert f"all {len(ids)} rows keep their cluster; revise would give" in said
    assert run_keeping("jan.csv", "-o", "c.csv") == 0
    assert "nothing new since run 2" in capsys.readouterr().err
    assert Path("b.csv").read_bytes() == Path("c.csv").read_bytes()
    assert run("-o", "d.csv") == 0
    revised = cluster_of("d.csv")
    assert revised[f"crm.csv:{one}"] == revised[f"crm.csv:{other}"]
    assert run_keeping("feb.csv", "--json", "-o", "e.csv") == 0
    told = json.loads(capsys.readouterr().out)["state"]["kept"]
    assert (told["rows"], told["changed"]) == (len(revised), 0)
    now = cluster_of("e.csv")
    assert {row: now[row] for row in revised} == revised


def test_a_state_of_an_earlier_version_of_tk_is_gone_on_from(files, capsys):
    assert run("crm.csv", "jan.csv", "-o", "a.csv") == 0
    with sqlite3.connect("links.state") as state:
        assert "earlier" not in state.execute("SELECT options FROM runs").fetchone()[0]
        state.execute("UPDATE runs SET version = '0.0.1'")
    state.close()
    assert run_keeping("-o", "b.csv") == 0
    assert "links.state: run 2, all" in capsys.readouterr().err
    assert cluster_of("b.csv") == cluster_of("a.csv")


def test_judgements_alone_move_what_is_kept(files, capsys):
    assert run("crm.csv", "jan.csv", "-o", "a.csv", "--pairs", "p.csv") == 0
    before = cluster_of("a.csv")
    one, other = read("p.csv").row(0)[:2]
    alone = [row for row, id in before.items() if [*before.values()].count(id) == 1][:2]
    Journal(Path("j.csv")).append({(one, other): "n", tuple(alone): "y"})
    assert run_keeping("feb.csv", "--judged", "j.csv", "-o", "b.csv") == 0
    said, now = capsys.readouterr().err, cluster_of("b.csv")
    assert now[alone[1]] == before[alone[0]]
    assert {row for row, id in before.items() if now[row] != id} == {other, alone[1]}
    assert f"{len(before) - 2} of {len(before)} rows keep their cluster, judgements moved 2" in said
    assert "ids         1 went into older ones, 1 split" in said


def test_nothing_to_keep_without_a_state(files, capsys):
    assert main(["dedupe", "crm.csv", "--earlier", "keep"]) == 2
    assert "add --state FILE" in capsys.readouterr().err
    words = ["dedupe", "crm.csv", "--state", "x.state", "--earlier"]
    assert main([*words, "kep"]) == 2
    assert "did you mean 'keep'" in capsys.readouterr().err
    assert main([*words, "keep", "--print-config"]) == 0
    assert 'earlier = "keep"' in capsys.readouterr().out
    assert main([*words, "keep", "--plan"]) == 0
    assert "earlier     what the state's last run decided stays" in capsys.readouterr().err
    assert not os.path.exists("x.state")


def test_in_python_a_frame_is_a_batch(files, tmp_path):
    crm, jan = read("crm.csv"), read("jan.csv")
    dedupe(crm, state=tmp_path / "s")
    grown = dedupe(jan, state=tmp_path / "s")
    assert len(grown) == len(crm) + len(jan)
    assert dedupe(jan, state=tmp_path / "s").equals(grown)


def test_kill_at_random_moments_loses_no_judgement_and_no_finished_run(files):
    assert run("crm.csv", "-o", "a.csv") == 0
    Journal(Path("j.csv")).append({("crm.csv:A0", "crm.csv:A1"): "n"})
    assert run("--judged", "j.csv", "-o", "a.csv") == 0
    rest = read("jan.csv")

    def more(moment):
        rest.slice(moment, 1).write_csv("new.csv")
        Journal(Path("j.csv")).append({(f"crm.csv:A{moment + 2}", "crm.csv:A50"): "n"})

        words[-1] = ("revise", "keep")[moment % 2]

    words = ["dedupe", "new.csv", "--state", "links.state", "--judged", "j.csv", "-o", "b.csv"]
    words += ["--earlier", "revise"]
    kill_runs(words, "links.state", more, seed=3)
    assert run("new.csv", "--judged", "j.csv", "-o", "c.csv") == 0
    assert looked_into("links.state")[0] == 11
    assert main(["diff", "links.state::1", "links.state", "-q"]) == 0
