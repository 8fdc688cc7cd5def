import polars as pl
import pytest

from tk.errors import UsageError
from tk_link import Linker, dedupe, link
from tk_link.offline import check_offline

FRAME = pl.DataFrame({"name": ["Ann", "Bob"]})


@pytest.mark.parametrize(
    "place",
    [
        "a.csv", "-", "sqlite:///a.db::t", "duckdb:///a.db", "memory://a.csv", FRAME, None,
        "http://localhost:80/a.csv", "postgresql://me:x@127.0.0.1/db::t",
        "postgresql:///db?host=/tmp::SELECT 'http://x'", "postgresql:///db::t",
    ],
)  # fmt: skip
def test_what_is_on_this_machine_passes(place):
    check_offline([place])


@pytest.mark.parametrize(
    "place",
    ["https://x.org/a.csv", "s3://b/a.csv", "hf://d/a.csv", "postgresql:///db?host=x.org::t",
     "postgres://me:geheim@x.org/db::t"],
)  # fmt: skip
def test_what_is_elsewhere_is_refused_and_no_password_said(place):
    with pytest.raises(UsageError, match="on the network, which --offline forbids") as caught:
        check_offline([place])
    assert "geheim" not in caught.value.message


def test_every_call_obeys():
    for call in (
        lambda: link(FRAME, "https://x.org/a.csv", offline=True),
        lambda: dedupe("https://x.org/a.csv", offline=True),
        lambda: Linker(offline=True).fit("s3://b/a.csv", FRAME),
    ):
        with pytest.raises(UsageError, match="offline"):
            call()
