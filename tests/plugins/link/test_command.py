"""`tk link` from files to files, through the real pipeline."""

import json
import os
import signal
import subprocess
import sys

import polars as pl
import pytest

from tk_cli.main import main

OURS = [
    "match_probability",
    "match_score",
    "match_status",
    "match_kind",
    "match_rank",
    "match_margin",
    "left_row",
    "right_row",
]


@pytest.fixture
def files(firms, tmp_path, monkeypatch):
    """The two registers as csv files in the current folder."""
    monkeypatch.chdir(tmp_path)
    for name, frame in zip(("left", "right"), firms, strict=True):
        frame.write_csv(f"{name}.csv")
    return firms


def run(*words: str) -> int:
    return main(["link", "left.csv", "right.csv", *words])


def test_default_output_keeps_every_left_row_unchanged(files, capsys):
    left, _ = files
    assert run("-o", "out.csv") == 0
    out = pl.read_csv("out.csv", infer_schema=False)
    assert out.columns == ["code", "firm", "city", "code_r", "firm_r", "city_r", *OURS]
    assert out.select(left.columns).equals(left)
    matched = out.filter(pl.col("match_status") == "match")
    assert matched.height >= 8
    assert (matched["code"] == matched["code_r"].str.slice(2).str.reverse()).all()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "left        left.csv: 12 rows, 3 columns" in captured.err
    assert "next        " in captured.err


def test_a_pipe_gets_csv_and_only_csv(files, capsys):
    assert run("--pairs", "-q") == 0
    captured = capsys.readouterr()
    header, *rows = captured.out.splitlines()
    assert header == "left_id,right_id,match_probability,match_score,match_status,match_kind"
    assert len(rows) >= 8
    assert captured.err == ""


def test_json_report_goes_to_standard_output(files, capsys):
    assert run("--json", "-q", "-o", "out.parquet") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["left"]["rows"] == 12
    assert sum(report["counts"].values()) >= 12
    assert report["output"] == "out.parquet"
    assert pl.read_parquet("out.parquet").height == 12


def test_same_seed_same_bytes_and_printed_config_repeats(files, capsys):
    assert run("-q", "-o", "a.csv", "--on", "firm,city", "--seed", "3") == 0
    assert run("-q", "-o", "b.csv", "--on", "firm,city", "--seed", "3", "--print-config") == 0
    with open("tk.toml", "w") as stream:
        stream.write(capsys.readouterr().out)
    assert main(["link", "--config", "tk.toml", "-q"]) == 0
    with open("a.csv", "rb") as one, open("b.csv", "rb") as other:
        assert one.read() == other.read()


def test_standard_input_is_one_side(files, tmp_path):
    data = (tmp_path / "right.csv").read_bytes()
    code = "import sys; from tk_cli.main import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "link", "left.csv", "-", "-q", "--pairs"],
        input=data,
        capture_output=True,
        check=True,
    )
    assert done.stdout.startswith(b"left_id,right_id")
    assert b"\n0042," in done.stdout


def test_nothing_in_common_is_a_valid_result(files, capsys):
    pl.DataFrame({"firm": [f"{c * 9}" for c in "zxqwvk"], "city": ["?"] * 6}).write_csv("right.csv")
    assert run("-o", "out.csv", "--on", "firm") == 0
    out = pl.read_csv("out.csv", infer_schema=False)
    assert out.height == 12
    assert not out["match_status"].is_in(["match", "review"]).any()
    assert "0 of 12 left rows linked" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("form", "column"), [("text", "match_why"), ("json", "match_why"), ("columns", "why_")]
)
def test_reasons_come_in_every_form(files, form, column):
    assert run("-q", f"--explain={form}", "-o", "out.csv") == 0
    out = pl.read_csv("out.csv", infer_schema=False)
    assert out.columns[-1].startswith(column)
    assert out.filter(pl.col("match_status") == "match")[out.columns[-1]].null_count() == 0


def test_plan_writes_nothing(files, tmp_path, capsys):
    assert run("--plan", "-o", "out.csv") == 0
    assert sorted(os.listdir(tmp_path)) == ["left.csv", "right.csv"]
    assert "next        do it: tk link left.csv right.csv -o out.csv" in capsys.readouterr().err
    assert run("--plan", "--json") == 0
    assert json.loads(capsys.readouterr().out)["pairs"] > 0


def test_sample_tries_some_rows(files):
    assert run("-q", "--sample", "5", "-o", "out.csv") == 0
    assert pl.read_csv("out.csv").height == 5


def test_unknown_column_suggests_the_near_one(files, capsys):
    assert run("--on", "frim") == 3
    assert "left.csv: column 'frim' not found; did you mean 'firm'?" in capsys.readouterr().err


def test_input_is_never_overwritten(files, capsys, tmp_path):
    before = (tmp_path / "left.csv").read_bytes()
    assert run("-o", "./left.csv") == 3
    assert "is an input of this run" in capsys.readouterr().err
    assert (tmp_path / "left.csv").read_bytes() == before


STOPS_WHILE_COMPARING = """
import sys, time
import tk_link.pipeline
from tk_cli.main import main

def compare(*_, **__):
    print("comparing", file=sys.stderr, flush=True)
    time.sleep(60)

tk_link.pipeline.compare = compare
sys.exit(main())
"""


def test_interrupt_leaves_no_file(files, tmp_path):
    rows, _ = files
    rows.write_csv("left.csv")
    rows.write_csv("right.csv")
    code = STOPS_WHILE_COMPARING
    process = subprocess.Popen(
        [sys.executable, "-c", code, "link", "left.csv", "right.csv", "-o", "out.csv"],
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == b"comparing\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"interrupted" in err
    assert sorted(os.listdir(tmp_path)) == ["left.csv", "right.csv"]
