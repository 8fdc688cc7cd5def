"""`tk link --state` from files to files, through the real pipeline."""

import json
import os
from pathlib import Path

import polars as pl
import pytest
from killing import kill_runs, looked_into
from registers import registers

from tk.errors import UsageError
from tk_cli.main import main
from tk_link import link
from tk_link.auditing.judgements import Journal

OURS = ["source", "source_r", "cluster_id"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A register in two parts and another in three, as csv files in the current folder."""
    monkeypatch.chdir(tmp_path)
    made = registers(70, 30, 20, seed=5)
    left, right = (
        frame.with_columns(id=pl.format(f"{mark}{{}}", pl.int_range(pl.len())))
        for frame, mark in ((made.left, "A"), (made.right, "B"))
    )
    left.head(80).write_csv("crm.csv")
    left.tail(-80).write_csv("crm2.csv")
    for name, part in zip(("jan", "feb", "mar"), right.iter_slices(30), strict=True):
        part.write_csv(f"{name}.csv")


def read(name):
    return pl.read_csv(name, infer_schema=False)


def run(*words):
    return main(["link", *words, "--state", "links.state", "-q"])


def pairs_of(name):
    return dict(read(name).select("left_id", "right_id").rows())


def test_in_parts_is_as_at_once_and_ids_stay(files, capsys):
    assert run("crm.csv", "jan.csv", "-o", "a.csv") == 0
    assert run("crm.csv", "feb.csv", "-o", "b.csv") == 0
    assert run("crm2.csv", "-o", "c.csv") == 0
    assert run("crm2.csv", "mar.csv", "-o", "d.csv") == 0
    whole = ["link", "crm.csv,crm2.csv", "jan.csv,feb.csv,mar.csv", "-q", "-o", "full.csv"]
    assert main(whole) == 0
    assert read("d.csv").drop(OURS).equals(read("full.csv"))
    ids = [dict(read(f"{name}.csv").select("id", "cluster_id").rows()) for name in "bd"]
    assert sum(ids[1][row] == id for row, id in ids[0].items()) >= 0.95 * len(ids[0])
    assert main(["diff", "links.state::3", "links.state", "--json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == {"shared": 160, "came": 30, "went": 0}


def test_nothing_new_is_the_result_kept(files, capsys):
    assert run("crm.csv", "jan.csv", "-o", "a.csv", "--explain") == 0
    state = os.stat("links.state").st_mtime_ns
    os.rename("jan.csv", "renamed.csv")
    words = ["link", "crm.csv", "renamed.csv", "--state", "links.state", "--explain"]
    assert main([*words, "-o", "b.csv"]) == 0
    said = capsys.readouterr().err
    assert "nothing new since run 1" in said
    assert "renamed.csv: the same rows as jan.csv, read before" in said
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    assert os.stat("links.state").st_mtime_ns == state
    assert run("--explain", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["state"]["is_unchanged"], report["left"]["rows"]) == (True, 80)
    assert run("--explain", "--report", "page.html") == 0  # which links again
    assert "A7" in Path("page.html").read_text()


def test_judgements_are_kept_obeyed_and_taken_back(files, capsys):
    assert run("crm.csv", "jan.csv", "--pairs", "-o", "a.csv") == 0
    one, other = read("a.csv").select("left_id", "right_id").row(0)
    free = next(f"A{n}" for n in range(80) if f"A{n}" not in pairs_of("a.csv"))
    journal = Journal(Path("j.csv"))
    journal.append({(one, other): "n", (f"crm.csv:{free}", other): "y", (one, "B70"): "y"})
    assert run("--judged", "j.csv", "--pairs", "-o", "b.csv") == 0
    assert pairs_of("b.csv")[free] == other
    os.remove("j.csv")
    assert run("crm.csv", "mar.csv", "--pairs", "-o", "c.csv") == 0
    assert pairs_of("c.csv")[free] == other
    assert pairs_of("c.csv")[one] == "B70"  # which was not there when it was judged
    journal.append({(free, other): "u", (one, other): "y"})
    words = ["link", "--state", "links.state", "--pairs", "-o", "d.csv"]
    assert main([*words, "--judged", "j.csv"]) == 0
    assert pairs_of("d.csv").get(free) != other
    assert "judged      2 pairs the same, 0 different" in capsys.readouterr().err


def test_ids_that_repeat_from_file_to_file_are_told_by_the_file(files):
    for name in ("jan", "feb"):
        read(f"{name}.csv").with_columns(id=pl.int_range(pl.len())).write_csv(f"{name}.csv")
    assert run("crm.csv", "jan.csv", "--pairs", "-o", "a.csv") == 0
    assert "3" in {*pairs_of("a.csv").values()}
    assert run("crm.csv", "feb.csv", "--pairs", "-o", "b.csv") == 0
    named = [right.split(":") for right in pairs_of("b.csv").values()]
    assert {file for file, _ in named} == {"jan.csv", "feb.csv"}
    assert run("-o", "c.csv", "--right-id", "id", "--join", "right") == 0
    rows = read("c.csv")
    assert rows.columns[:2] == ["source", "first_name"]
    assert rows["id_r"].to_list() == [str(n) for n in range(30)] * 2
    assert rows["cluster_id"].is_not_null().all()


def test_one_file_on_both_sides_is_two_tables(files):
    assert run("crm.csv", "crm.csv", "-o", "a.csv") == 0
    rows = read("a.csv")
    assert (rows["id"] == rows["id_r"]).all()
    assert rows["source_r"].unique().to_list() == ["crm.csv#2"]


def test_wrong_uses_are_said_before_anything_is_written(files, capsys):
    assert main(["link", "crm.csv", "--state", "x.state"]) == 2
    assert main(["link", "--state", "x.state"]) == 2
    assert not os.path.exists("x.state")
    assert main(["link", "crm.csv", "jan.csv", "--state", "crm.csv"]) == 2
    assert main(["link", "crm.csv", "jan.csv", "--state", "x.state", "--sample", "3"]) == 2
    assert main(["link", "crm.csv", "jan.csv", "--state", "x.state", "--draws", "3"]) == 2
    assert main(["link", "crm.csv", "jan.csv", "--state", "y.state", "--plan", "-q"]) == 0
    assert not os.path.exists("y.state")
    assert main(["link", "crm.csv", "jan.csv", "--state", "feb.csv"]) == 3
    assert "is no state of tk link" in capsys.readouterr().err
    assert main(["link", "crm.csv", "jan.csv", "--state", "x.state", "--on", "nmae"]) == 3
    assert main(["link", "--state", "x.state"]) == 2  # made by the run before, which failed
    assert "the state holds no left rows yet" in capsys.readouterr().err
    assert main(["dedupe", "crm.csv", "--state", "d.state", "-q"]) == 0
    assert main(["link", "crm.csv", "jan.csv", "--state", "d.state"]) == 3
    assert "is a state of tk dedupe, which tk link cannot go on from" in capsys.readouterr().err
    assert run("crm.csv", "jan.csv", "--left-id", "town") == 3
    with pytest.raises(UsageError, match="draws are many link sets"):
        link(read("crm.csv"), read("jan.csv"), state="z.state", draws=2)


def run_keeping(*words):
    return main(["link", *words, "--state", "links.state", "--earlier", "keep"])


def links_of(name):
    """Return left and right id of the linked rows, and the cluster of every row."""
    rows = read(name)
    linked = rows.filter(pl.col("match_status") == "match").select("id", "id_r").rows()
    ids = pl.concat(
        [rows.select("id", "cluster_id"), rows.select(id="id_r", cluster_id="cluster_id")]
    )
    return {*linked}, dict(ids.drop_nulls("id").rows())


def test_kept_links_stay_and_new_rows_link_around_them(files, capsys):
    assert run_keeping("crm.csv", "jan.csv", "--join", "outer", "-o", "a.csv") == 0
    assert "\nearlier " not in capsys.readouterr().err
    links, ids = links_of("a.csv")
    # one of the linked changes, and a copy of it comes, which a run that revises would link
    one, other = min(links)
    jan = read("jan.csv")
    was = jan.filter(id=other)
    odd = was.with_columns(surname=pl.lit("Quux"), street=pl.lit("1 Elm"), first_name=pl.lit("Zed"))
    jan.update(odd, on="id").write_csv("jan.csv")
    pl.concat([was.with_columns(id=pl.lit("B99")), read("feb.csv")]).write_csv("feb.csv")
    assert run_keeping("crm.csv", "jan.csv", "--join", "outer", "-o", "b.csv") == 0
    assert links_of("b.csv") == (links, ids)
    assert run_keeping("crm2.csv", "feb.csv", "--join", "outer", "--explain", "-o", "c.csv") == 0
    said, (now, new_ids) = capsys.readouterr().err, links_of("c.csv")
    assert {(a, b) for a, b in now if a in ids and b in ids} == links
    assert {row: new_ids[row] for row in ids} == ids
    assert len(now) > len(links)
    assert f"all {len(ids)} rows keep their cluster; revise would give" in said
    kept = read("c.csv").filter(id=one)
    assert kept["match_why"][0].startswith("linked by an earlier run; ")
    assert float(kept["match_probability"][0]) < 0.5
    assert main(["link", "--state", "links.state", "--join", "outer", "-q", "-o", "d.csv"]) == 0
    assert (one, "B99") in links_of("d.csv")[0]


def test_judgements_alone_undo_kept_links(files, capsys):
    assert run("crm.csv", "jan.csv", "--join", "outer", "-o", "a.csv") == 0
    links, ids = links_of("a.csv")
    (one, other), (third, fourth) = sorted(links)[:2]
    Journal(Path("j.csv")).append({(one, other): "n", (third, other): "y"})
    assert run_keeping("crm.csv", "feb.csv", "--judged", "j.csv", "--join", "outer",
                       "-o", "b.csv") == 0  # fmt: skip
    now, _ = links_of("b.csv")
    assert {(a, b) for a, b in now if a in ids and b in ids} == (
        links - {(one, other), (third, fourth)} | {(third, other)}
    )
    assert "rows keep their cluster, judgements moved" in capsys.readouterr().err
    assert main(["link", "crm.csv", "jan.csv", "--earlier", "keep"]) == 2


def test_in_python_a_frame_is_a_batch(files, tmp_path):
    crm, jan, feb = (read(f"{name}.csv") for name in ("crm", "jan", "feb"))
    link(crm, jan, state=tmp_path / "s")
    grown = link(crm, feb, state=tmp_path / "s")
    assert len(grown) == len(crm)
    assert {*grown["id_r"].drop_nulls()} & {*jan["id"]}
    assert link(crm, feb, state=tmp_path / "s").equals(grown)


def test_kill_at_random_moments_loses_no_judgement_and_no_finished_run(files):
    assert run("crm.csv", "jan.csv", "-o", "a.csv") == 0
    rest = read("feb.csv")

    def more(moment):
        rest.slice(moment, 1).write_csv("new.csv")
        Journal(Path("j.csv")).append({(f"A{moment}", "B0"): "n"})

        words[-1] = ("revise", "keep")[moment % 2]

    words = ["link", "crm.csv", "new.csv", "--state", "links.state", "--judged", "j.csv"]
    words += ["-o", "b.csv", "--earlier", "revise"]
    kill_runs(words, "links.state", more, seed=3)
    assert run("crm.csv", "new.csv", "--judged", "j.csv", "-o", "c.csv") == 0
    assert looked_into("links.state")[0] == 10
    assert main(["diff", "links.state::1", "links.state", "-q"]) == 0
