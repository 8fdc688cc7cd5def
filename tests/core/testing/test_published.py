import pytest
import torch
from torch import nn

from tk import InputError
from tk.nn import Model
from tk.testing import assert_golden, fill, published, recorded, wave


class Line(Model):
    renames = ((r"^a\.", "linear."),)

    def __init__(self, *, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(2, width)

    def forward(self, x):
        return self.linear(x)

    @classmethod
    def config_from_state_dict(cls, tensors):
        return {"width": len(tensors["linear.bias"])}


PARAMS = {"a.weight": torch.ones(3, 2), "a.bias": torch.zeros(3)}


def test_parameters_go_through_the_renames_of_users_checkpoints():
    model = published(Line, lambda config: {"width": config["out"]})({"out": 3}, PARAMS)
    assert model(torch.ones(1, 2)).tolist() == [[2.0, 2.0, 2.0]]


def test_a_parameter_that_does_not_land_is_an_error():
    with pytest.raises(InputError, match="1 not used: more"):
        published(Line, lambda c: {"width": 3})({}, {**PARAMS, "more": torch.ones(1)})


def test_tensors_must_say_what_the_configuration_says():
    class Blind(Line):
        @classmethod
        def config_from_state_dict(cls, tensors):
            return {"width": 4}

    with pytest.raises(AssertionError, match="say width=4, the configuration 3"):
        published(Blind, lambda c: {"width": 3})({}, PARAMS)


def test_what_submodules_return_is_recorded():
    model = nn.Sequential(nn.Linear(2, 2), nn.LSTM(2, 2))
    with recorded(model, {"mid.first": "0", "mid.states": "1"}) as mid:
        model(torch.ones(3, 2))
    assert (mid["mid.first"].shape, mid["mid.states"].shape) == ((3, 2), (3, 2))


def test_golden_values_notice_any_change():
    inputs = {"x": wave(2, 2)}
    expected = {"output": Line(width=3)(**inputs)}  # of random weights
    with pytest.raises(AssertionError, match=r"output is \[.*\], was"):
        assert_golden(Line(width=3), inputs, {"output": expected["output"].flatten().tolist()})
    with torch.no_grad():
        values = fill(Line(width=3))(inputs["x"]).flatten().tolist()
    assert_golden(Line(width=3), inputs, {"output": values})


def test_filling_is_the_same_whatever_was_there():
    first, second = fill(nn.BatchNorm1d(3)), fill(nn.BatchNorm1d(3))
    assert torch.equal(first.running_var, second.running_var)
    assert (first.running_var > 0).all()
    assert first.num_batches_tracked == 0
