import pytest
import torch
from torch import nn

from tk import InputError
from tk.checkpoints.placing import place


def test_every_tensor_that_does_not_fit_is_named_and_nothing_changes():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    tensors = {
        "0.weight": torch.zeros(3, 2),
        "1.weight": torch.zeros(4, 9),
        "2.bias": torch.ones(1),
    }
    with pytest.raises(InputError) as caught:
        place(model, tensors, where="c.pth")
    assert str(caught.value) == (
        "c.pth does not fit Sequential: 2 missing: 0.bias, 1.bias; 1 not used: 2.bias; "
        "1 of another shape: 1.weight (4, 9) for (4, 3)"
    )
    assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in before.items())


def test_tied_tensors_need_one_of_their_names():
    model = nn.ModuleDict(
        {"table": nn.Linear(2, 2, bias=False), "head": nn.Linear(2, 2, bias=False)}
    )
    model["head"].weight = model["table"].weight
    place(model, {"table.weight": torch.eye(2)}, where="c.pth")
    assert torch.equal(model["head"].weight, torch.eye(2))


def test_what_starts_anew_may_have_any_shape_or_be_absent():
    model = nn.Linear(2, 3)
    place(model, {"weight": torch.zeros(3, 2), "bias": torch.ones(9)}, where="", fresh=["bias"])
    place(model, {"weight": torch.ones(3, 2)}, where="", fresh=["b*"])
    assert model.bias.shape == (3,)
    assert model.weight.sum() == 6


def test_half_precision_becomes_what_the_model_has():
    model = nn.Linear(1, 1, bias=False)
    place(model, {"weight": torch.full((1, 1), 0.5, dtype=torch.float16)}, where="")
    assert model.weight.dtype == torch.float32
