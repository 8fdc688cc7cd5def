"""`tk dedupe` from files to files, through the real pipeline."""

import json
import os
import signal
import subprocess
import sys

import polars as pl
import pytest
from registers import registers

from tk_cli.main import main

OURS = ["cluster_id", "cluster_size", "cluster_confidence", "is_canonical"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Two registers of people, thirty of them in both, as csv files in the current folder."""
    monkeypatch.chdir(tmp_path)
    made = registers(30, 20, 10, seed=5)
    for name, frame in (("crm", made.left), ("shop", made.right.rename({"town": "city"}))):
        frame.write_csv(f"{name}.csv")
    pl.concat([made.left, made.right]).write_csv("all.csv")
    return made


def read(name):
    return pl.read_csv(name, infer_schema=False)


def test_every_row_is_kept_unchanged_behind_our_columns(files, capsys):
    assert main(["dedupe", "all.csv", "-o", "out.csv"]) == 0
    out = read("out.csv")
    assert out.columns[:4] == OURS
    assert out.drop(OURS).equals(read("all.csv"))
    assert (out["cluster_size"] == "2").sum() >= 56
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "file        all.csv: 90 rows" in captured.err
    assert "next        one row of each cluster: tk dedupe all.csv" in captured.err


def test_several_files_are_stacked(files, capsys):
    assert main(["dedupe", "crm.csv", "shop.csv", "-q", "--across-only", "-o", "out.csv"]) == 0
    out = read("out.csv")
    assert out.columns[4] == "source"
    assert out["source"].to_list() == ["crm.csv"] * 50 + ["shop.csv"] * 40
    assert out["town"].null_count() == 40 + read("crm.csv")["town"].null_count()
    joined = out.filter(pl.col("cluster_size") == "2")
    assert joined.height >= 50
    assert joined["cluster_id"].str.starts_with("crm.csv:").all()
    assert joined.group_by("cluster_id").agg(pl.col("source").n_unique())["source"].min() == 2


def test_appended_rows_leave_names_as_they_were(files):
    assert main(["dedupe", "crm.csv", "shop.csv", "-q", "-o", "before.csv"]) == 0
    more = registers(0, 3, 0, seed=77).left
    pl.concat([pl.read_csv("crm.csv", infer_schema=False), more]).write_csv("crm.csv")
    assert main(["dedupe", "crm.csv", "shop.csv", "-q", "-o", "after.csv"]) == 0
    before, after = read("before.csv"), read("after.csv")
    old = pl.concat([after.head(50), after.tail(40)])
    assert (old["cluster_id"] == before["cluster_id"]).mean() > 0.97


def test_rows_go_only_when_told_and_are_counted(files, capsys):
    assert main(["dedupe", "all.csv", "--keep", "best", "-o", "out.csv", "--pairs", "p.tsv"]) == 0
    pairs = pl.read_csv("p.tsv", separator="\t")
    assert pairs.columns == ["left_id", "right_id", "match_probability"]
    gone = 90 - read("out.csv").height
    assert pairs.height >= gone >= 28
    assert f"{90 - gone} rows stay, {gone} went" in capsys.readouterr().err


def test_a_pipe_gets_csv_and_only_csv(files, capsys):
    words = ["all.csv", "-q", "--keep", "golden", "--golden", "longest,born=latest:born"]
    assert main(["dedupe", *words]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(",".join(OURS))
    assert captured.err == ""


def test_json_report_goes_to_standard_output(files, capsys):
    assert main(["dedupe", "crm.csv", "shop.csv", "--json", "-q", "-o", "out.parquet"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [file["rows"] for file in report["files"]] == [50, 40]
    assert (report["rows"], report["kept_rows"], report["source"]) == (90, 90, "source")
    assert pl.read_parquet("out.parquet").height == 90


def test_plan_writes_nothing_and_is_near_the_truth(files, tmp_path, capsys):
    before = sorted(os.listdir(tmp_path))
    assert main(["dedupe", "crm.csv", "shop.csv", "--plan", "-o", "out.csv"]) == 0
    assert sorted(os.listdir(tmp_path)) == before
    said = capsys.readouterr().err
    assert "files       crm.csv: 50 rows" in said
    assert "next        do it: tk dedupe crm.csv shop.csv -o out.csv" in said
    assert main(["dedupe", "crm.csv", "shop.csv", "--plan", "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)["pairs"]
    assert main(["dedupe", "crm.csv", "shop.csv", "--json", "-q", "-o", "out.csv"]) == 0
    made = json.loads(capsys.readouterr().out)["candidates"]
    assert made / 2 < planned < made * 2


def test_printed_config_repeats_the_same_bytes(files, capsys):
    words = ["dedupe", "all.csv", "-q", "--on", "surname,born"]
    assert main([*words, "-o", "a.csv"]) == 0
    assert main([*words, "-o", "b.csv", "--print-config"]) == 0
    with open("tk.toml", "w") as stream:
        stream.write(capsys.readouterr().out)
    assert main(["dedupe", "--config", "tk.toml", "-q"]) == 0
    with open("a.csv", "rb") as one, open("b.csv", "rb") as other:
        assert one.read() == other.read()


def test_bad_tables_are_named(files, capsys, tmp_path):
    (tmp_path / "none.csv").write_text("name\n")
    (tmp_path / "one.csv").write_text("name\nAnn\n")
    (tmp_path / "same.csv").write_text("name\n" + "Ann\n" * 30)
    assert main(["dedupe", "all.csv", "none.csv"]) == 3
    assert "none.csv has a header but no rows" in capsys.readouterr().err
    assert main(["dedupe", "same.csv"]) == 3
    assert "'same.csv' has no column to compare (name)" in capsys.readouterr().err
    assert main(["dedupe", "all.csv", "--on", "surnam"]) == 3
    assert "all.csv: column 'surnam' not found; did you mean 'surname'?" in capsys.readouterr().err
    assert main(["dedupe", "one.csv", "-o", "out.csv"]) == 0
    assert read("out.csv").rows() == [("0", "1", "1.0", "true", "Ann")]


@pytest.mark.parametrize("option", ["-o", "--pairs"])
def test_input_is_never_overwritten(files, capsys, tmp_path, option):
    before = (tmp_path / "all.csv").read_bytes()
    assert main(["dedupe", "crm.csv", "all.csv", option, "./all.csv"]) == 3
    assert "is an input of this run" in capsys.readouterr().err
    assert (tmp_path / "all.csv").read_bytes() == before


STOPS_WHILE_COMPARING = """
import sys, time
import tk_link.dedupe.within
from tk_cli.main import main

def compare(*_, **__):
    print("comparing", file=sys.stderr, flush=True)
    time.sleep(60)

sys.modules["tk_link.dedupe.within"].compare = compare
sys.exit(main())
"""


def test_interrupt_leaves_no_file(tmp_path):
    registers(0, 50, 0).left.write_csv(tmp_path / "all.csv")
    words = ["dedupe", "all.csv", "-o", "out.csv", "--pairs", "p.csv"]
    process = subprocess.Popen(
        [sys.executable, "-c", STOPS_WHILE_COMPARING, *words],
        stderr=subprocess.PIPE,
        start_new_session=True,
        cwd=tmp_path,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == b"comparing\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"interrupted" in err
    assert os.listdir(tmp_path) == ["all.csv"]
