import csv
import subprocess
import sys
from pathlib import Path

FIRMS = Path(__file__).parents[2] / "examples" / "firms"
FILES = ("left.csv", "right.csv", "matches.csv")


def make(folder: Path, *options: str) -> None:
    command = [sys.executable, str(FIRMS / "make.py"), str(folder), *options]
    subprocess.run(command, check=True, capture_output=True)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_script_reproduces_the_committed_files(tmp_path: Path) -> None:
    make(tmp_path)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (FIRMS / name).read_bytes(), name


def test_gold_is_one_to_one_and_points_at_rows() -> None:
    left = {row["company_id"] for row in rows(FIRMS / "left.csv")}
    right = {row["ref"] for row in rows(FIRMS / "right.csv")}
    gold = rows(FIRMS / "matches.csv")
    assert (len(left), len(right), len(gold)) == (400, 450, 240)
    assert {row["left_id"] for row in gold} <= left
    assert {row["right_id"] for row in gold} <= right
    assert len({row["left_id"] for row in gold}) == len({row["right_id"] for row in gold}) == 240


def test_size_rate_and_seed_are_options(tmp_path: Path) -> None:
    make(tmp_path, "--left", "50", "--right", "20", "--rate", "0.1", "--seed", "3")
    assert [len(rows(tmp_path / name)) for name in FILES] == [50, 20, 5]
