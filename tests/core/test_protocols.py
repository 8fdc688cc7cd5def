import typing

import pytest

from tk import protocols


@pytest.mark.parametrize(
    ("protocol", "members"),
    [
        (protocols.Encoder, {"dim", "encode"}),
        (protocols.Task, {"datasets", "loss", "evaluate"}),
        (protocols.IndexBackend, {"build"}),
        (protocols.Index, {"search"}),
        (protocols.Executor, {"map"}),
    ],
)
def test_a_protocol_asks_for_these_members_and_no_others(protocol, members):
    asked = {name for name in vars(protocol) if not name.startswith("_")}
    asked |= set(protocol.__annotations__)
    assert asked == members
    assert typing.Protocol in protocol.__mro__


def test_splits_need_only_a_training_part():
    splits = protocols.Splits(train=[1, 2])
    assert (splits.validation, splits.test) == (None, None)
