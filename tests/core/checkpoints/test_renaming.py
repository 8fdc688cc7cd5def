import pytest
import torch

from tk import InputError
from tk.checkpoints import rename

ONE, TWO = torch.ones(1), torch.full((1,), 2.0)


def test_every_rename_is_applied_in_turn():
    renames = [(r"^blocks\.(\d+)\.", r"layers.\1."), (r"\.attn\.", ".attention.")]
    found = rename({"blocks.3.attn.w": ONE, "head": TWO}, renames)
    assert found == {"layers.3.attention.w": ONE, "head": TWO}


def test_only_what_a_rename_names_is_left_out():
    assert rename({"index": ONE, "indexed": TWO}, [(r"^index$", None)]) == {"indexed": TWO}


def test_two_tensors_under_one_name_are_an_error():
    with pytest.raises(InputError, match="'a' and 'b' would both become 'b'"):
        rename({"a": ONE, "b": TWO}, [("^a$", "b")])
