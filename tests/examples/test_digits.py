import runpy
from pathlib import Path

from PIL import Image

MAKE = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "digits" / "make.py"))


def test_every_scan_is_written_once_with_all_its_greys(tmp_path):
    assert MAKE["write"](tmp_path) == 1797
    files = sorted(tmp_path.rglob("*.png"))
    assert len({path.name for path in files}) == 1797
    assert len([path for path in files if "test" in path.parts]) == 599
    with Image.open(files[0]) as scan:
        assert (scan.size, scan.mode) == ((8, 8), "L")
        assert scan.getextrema()[1] == 255
