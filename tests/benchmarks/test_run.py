import sys
from importlib import import_module
from pathlib import Path

import pytest

LINKER = """
import sys
left, right, out = sys.argv[1:4]
open(out, "w").write("left_id,right_id,match_probability\\na,1,0.9\\nb,1,0.6\\n")
"""


def data_set(folder: Path, *, right: bool = True) -> Path:
    folder.mkdir()
    (folder / "left.csv").write_text("id,name\na,x\nb,y\n")
    (folder / "matches.csv").write_text("left_id,right_id\na,1\n")
    if right:
        (folder / "right.csv").write_text("id,name\n1,x\n")
    return folder


DEDUPER = """
import sys
table, out = sys.argv[1:3]
open(out, "w").write("left_id,right_id,match_probability\\nb,a,0.9\\nb,c,0.7\\n")
"""


def test_folders_without_a_right_table_are_dedupe_tasks(tmp_path: Path) -> None:
    data_set(tmp_path / "pairs")
    data_set(tmp_path / "people", right=False)
    links, duplicates = import_module("run").tasks(tmp_path, [])
    assert ([f.name for f in links], [f.name for f in duplicates]) == (["pairs"], ["people"])


def test_clusters_are_scored_where_there_is_one_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, systems = import_module("run"), import_module("systems")
    script = tmp_path / "deduper.py"
    script.write_text(DEDUPER)
    monkeypatch.setitem(systems.DEDUPE_SCRIPTS, "deduper", (str(script),))
    folder = data_set(tmp_path / "people", right=False)
    (folder / "matches.csv").write_text("left_id,right_id\na,b\n")
    result = run.run_one(folder, "deduper", peer_python=sys.executable, limit=30)
    assert (result.score.accepted, result.score.recall) == (3, 1)
    assert result.score.calibration_error == pytest.approx(0.3)


def test_systems_are_asked_only_for_what_they_do() -> None:
    does = import_module("systems").does
    assert [name for name in ("tk", "splink", "tfidf") if does(name, tables=1)] == ["tk", "splink"]
    assert all(does(name, tables=2) for name in ("tk", "splink", "tfidf"))


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="nope"):
        import_module("run").tasks(tmp_path, ["nope"])


def test_a_system_is_run_and_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, systems = import_module("run"), import_module("systems")
    script = tmp_path / "linker.py"
    script.write_text(LINKER)
    monkeypatch.setitem(systems.PEER_SCRIPTS, "linker", (str(script),))
    folder = data_set(tmp_path / "pairs")
    result = run.run_one(folder, "linker", peer_python=sys.executable, limit=30)
    assert (result.score.precision, result.score.recall) == (0.5, 1)
    assert result.score.calibration_error == pytest.approx(0.25)
    assert result.cost.peak > 1e6


def test_a_crash_is_a_row_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, systems = import_module("run"), import_module("systems")
    script = tmp_path / "broken.py"
    script.write_text("raise SystemExit('no column of equal name')")
    monkeypatch.setitem(systems.PEER_SCRIPTS, "broken", (str(script),))
    folder = data_set(tmp_path / "pairs")
    result = run.run_one(folder, "broken", peer_python=sys.executable, limit=30)
    assert result.score is None
    assert run.cells(result)[-1] == "exit 1: no column of equal name"


def test_tk_is_run_without_options() -> None:
    line = import_module("systems").command(
        "tk", (Path("l.csv"), Path("r.csv")), Path("o.csv"), peer_python="python"
    )
    assert line[1:] == ["link", "l.csv", "r.csv", "--pairs", "-o", "o.csv"]
    line = import_module("systems").command("tk", (Path("l.csv"),), Path("o.csv"), peer_python="p")
    assert line[1:] == ["dedupe", "l.csv", "-o", "clusters.csv", "--pairs", "o.csv"]
