"""`--report` through the commands and the Python calls."""

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from registers import registers

from tk.errors import OutputError, UsageError
from tk_cli.main import main
from tk_link import Linker, dedupe, link
from tk_link.page.place import check_report


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Two registers of people as csv files in the current folder."""
    monkeypatch.chdir(tmp_path)
    made = registers(30, 10, 10, seed=5)
    made.left.write_csv("crm.csv")
    made.right.write_csv("shop.csv")
    return made


def test_link_writes_the_page_beside_the_result(files, capsys):
    assert main(["link", "crm.csv", "shop.csv", "-o", "out.csv", "--report", "out.html"]) == 0
    page = Path("out.html").read_text("utf-8")
    assert "<title>tk link: crm.csv ↔ shop.csv</title>" in page
    assert "tk link crm.csv shop.csv -o out.csv --report out.html" in page
    assert "report      out.html" in capsys.readouterr().err
    assert sorted(os.listdir()) == ["crm.csv", "out.csv", "out.html", "shop.csv"]


def test_the_result_is_the_same_with_and_without(files):
    assert main(["link", "crm.csv", "shop.csv", "-q", "-o", "a.csv", "--report", "r.html"]) == 0
    assert main(["link", "crm.csv", "shop.csv", "-q", "-o", "b.csv"]) == 0
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()


def test_dedupe_writes_its_page(files, capsys):
    assert main(["dedupe", "crm.csv", "shop.csv", "-q", "--report", "out.html"]) == 0
    page = Path("out.html").read_text("utf-8")
    assert "<title>tk dedupe: crm.csv, shop.csv</title>" in page
    assert "The largest" in page
    captured = capsys.readouterr()
    assert captured.out.startswith("cluster_id,")
    assert captured.err == ""


def test_python_calls_write_it_too(files, tmp_path):
    link(files.left, files.right, report=tmp_path / "link.html")
    assert "matches = link(left, right, report=" in (tmp_path / "link.html").read_text()
    dedupe("crm.csv", keep="best", report="dedupe.html")
    page = (tmp_path / "dedupe.html").read_text()
    assert "rows = dedupe(&#39;crm.csv&#39;, keep=&#39;best&#39;, report=" in page
    Linker().fit(files.left, files.right).report("linker.html")
    assert "Why: pairs taken apart" in (tmp_path / "linker.html").read_text()


def test_a_reader_that_leaves_early_does_not_cost_the_page(files):
    code = "import sys; from tk_cli.main import main; sys.exit(main())"
    words = [sys.executable, "-c", code, "link", "crm.csv", "shop.csv", "-q", "--report", "o.html"]
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run(words, stdout=write, check=False)
    os.close(write)
    assert ended.returncode == 0
    assert os.path.getsize("o.html") > 10_000


@pytest.mark.parametrize(
    ("report", "code", "said"),
    [
        ("gone/out.html", 3, "folder gone does not exist"),
        ("crm.html", 3, "is an input of this run"),
        ("crm.csv", 2, "name it so, not 'crm.csv': report.html"),
        ("out", 2, "--report writes a web page"),
        ("same.html", 2, "are one file, same.html"),
        ("folder.html", 3, "is a folder"),
    ],
)
def test_what_cannot_be_written_is_said_before_the_run(files, capsys, report, code, said):
    os.link("crm.csv", "crm.html")
    os.mkdir("folder.html")
    before = sorted(os.listdir())
    output = "same.html" if report == "same.html" else "out.csv"
    if report == "same.html":
        with pytest.raises(UsageError, match=said):
            check_report(report, ["crm.csv"], [output])
        return
    assert main(["link", "crm.csv", "shop.csv", "-o", output, "--report", report]) == code
    captured = capsys.readouterr()
    assert said in captured.err
    assert "compared" not in captured.err
    assert sorted(os.listdir()) == before
    assert main(["dedupe", "crm.csv", "-o", output, "--report", report]) == code


def test_a_failure_at_the_end_leaves_the_result_and_the_old_page(files, capsys, monkeypatch):
    Path("out.html").write_text("old")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    import tk.atomic  # noqa: PLC0415

    original = tk.atomic.os.chmod
    monkeypatch.setattr(
        tk.atomic.os,
        "chmod",
        lambda path, mode: full() if "html" in str(path) else original(path, mode),
    )
    words = ["link", "crm.csv", "shop.csv", "-o", "out.csv", "--report", "out.html"]
    assert main(words) == 3
    assert "out.html cannot be written: No space left on device" in capsys.readouterr().err
    assert Path("out.html").read_text() == "old"
    assert pl.read_csv("out.csv").height == 40
    assert sorted(os.listdir()) == ["crm.csv", "out.csv", "out.html", "shop.csv"]


def test_python_keeps_the_result_where_the_page_fails_at_the_end(files):
    Path("full.html").symlink_to("/dev/full")
    with pytest.warns(UserWarning, match="no report: full.html cannot be written: No space left"):
        assert len(link(files.left, files.right, report="full.html")) == 40
    with pytest.warns(UserWarning, match="no report: full.html cannot be written: No space left"):
        assert len(dedupe(files.left, report="full.html")) == 40


def test_a_read_only_folder_is_refused(read_only_folder):
    with pytest.raises(OutputError, match="is read-only"):
        check_report(str(read_only_folder / "o.html"), [], [])
