import polars as pl

from tk_link.frames import from_frame
from tk_link.lookup.building import build_index
from tk_link.lookup.pages import page


def test_markup_in_a_table_stays_text():
    frame = pl.DataFrame({"name": ["<script>alert(1)</script>", "b & c"], "x<y": ["1", '"']})
    text = page(build_index(from_frame(frame, "t.csv")), 0)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "<th>x&lt;y</th>" in text
