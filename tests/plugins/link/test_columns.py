import polars as pl
import pytest

from tk.errors import InputError
from tk_link.columns import check_columns
from tk_link.config import LinkConfig
from tk_link.frames import from_frame

LEFT = from_frame(pl.DataFrame({"id": ["a", "b", "a"], "name": ["x", None, "z"]}), "left.csv")
RIGHT = from_frame(pl.DataFrame({"no": [3, 1, 2], "title": ["x", "y", "z"]}), "right.csv")


def test_known_columns_pass():
    check_columns(
        LinkConfig(
            on=(("name", "title"),),
            right_id="no",
            types=(("name", "org"),),
            block=(("title",),),
            require=("name",),
        ),
        LEFT,
        RIGHT,
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on": (("nmae", "title"),)}, "left.csv: column 'nmae' not found; did you mean 'name'"),
        ({"on": (("name", "titel"),)}, "right.csv: column 'titel' not found; did you mean 'title'"),
        ({"left_id": "idd"}, "left.csv: column 'idd' not found; did you mean 'id'"),
        ({"weights": (("tilte", 2.0),)}, "column 'tilte' not found; did you mean 'title'"),
        ({"types": (("zzz", "org"),)}, "column 'zzz' not found; there is 'id', 'name'"),
        ({"require": ("nam",)}, "did you mean 'name'"),
        ({"forbid_conflict": ("nam",)}, "did you mean 'name'"),
        ({"block": (("name", "titles"),)}, "did you mean 'title'"),
        ({"left_id": "id"}, "id 'a' in column 'id' repeats, in rows 0 and 2"),
        ({"left_id": "name"}, "id column 'name' is blank in row 1"),
    ],
)
def test_columns_that_cannot_be_used(options, message):
    with pytest.raises(InputError, match=message):
        check_columns(LinkConfig(**options), LEFT, RIGHT)
