import pytest
import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn

from tk.testing import assert_model


class Perceptron(nn.Module, PyTorchModelHubMixin):
    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.inner = nn.Linear(3, width)
        self.outer = nn.Linear(width, 2)

    def forward(self, x):
        return {"logits": self.outer(torch.tanh(self.inner(x)))}


class Dropping(Perceptron):
    def forward(self, x):
        return nn.functional.dropout(self.outer(self.inner(x)), training=True)


class Mixing(Perceptron):
    def forward(self, x):
        return self.outer(self.inner(x - x.mean(0)))


class Idle(Perceptron):
    def __init__(self) -> None:
        super().__init__()
        self.idle = nn.Linear(1, 1)


class Forgetful(Perceptron):
    def __init__(self) -> None:
        super().__init__()
        self.shift = torch.randn(())

    def forward(self, x):
        return self.outer(self.inner(x)) + self.shift


class Overflowing(Perceptron):
    def forward(self, x):
        return self.outer(self.inner(x)) / 0


@pytest.fixture
def inputs():
    return {"x": torch.linspace(-1, 1, 12).view(4, 3)}


def test_a_sound_model_passes(inputs):
    assert_model(Perceptron(width=6), inputs)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Dropping, "second call"),
        (Mixing, "batch of one"),
        (Idle, r"no gradient reaches idle\.weight, idle\.bias"),
        (Forgetful, "saving and loading"),
        (Overflowing, "not finite"),
    ],
)
def test_a_broken_promise_is_named(model, reason, inputs):
    with pytest.raises(AssertionError, match=reason):
        assert_model(model(), inputs)


def test_a_model_without_the_hub_mixin_is_refused(inputs):
    with pytest.raises(AssertionError, match="PyTorchModelHubMixin"):
        assert_model(nn.Sequential(nn.Linear(3, 2)), {"input": inputs["x"]})
