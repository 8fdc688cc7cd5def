"""The trunk computes what transformers' own residual network computes."""

import re

import pytest
import torch
from transformers import ResNetConfig, ResNetModel

import tk
from tk.testing import wave
from tk.testing.golden import fill
from tk_vision.duoformer.resnet import ResNet

NORMS = {"convolution": "conv", "normalization": "bn"}


def ours(name):
    """Return our name, which is torchvision's, of a tensor of transformers."""
    name = re.sub(r"\.num_batches_tracked$|\.weight$|\.bias$|\.running_\w+$", "", name)
    parts = name.split(".")
    kind = NORMS[parts[-1]]
    if parts[0] == "embedder":
        return f"{kind}1"
    stage, block = f"layer{int(parts[2]) + 1}", parts[4]
    if parts[5] == "shortcut":
        return f"{stage}.{block}.downsample.{int(kind == 'bn')}"
    return f"{stage}.{block}.{kind}{int(parts[6]) + 1}"


def theirs(trunk, *, layer_type, depths):
    config = ResNetConfig(layer_type=layer_type, depths=depths, hidden_sizes=trunk.widths)
    model, weights = ResNetModel(config).eval(), trunk.state_dict()
    names = {name: f"{ours(name)}.{name.rpartition('.')[2]}" for name in model.state_dict()}
    assert set(names.values()) == set(weights)
    model.load_state_dict({name: weights[other] for name, other in names.items()})
    return model


@pytest.mark.parametrize(
    ("name", "layer_type", "depths"),
    [("resnet18", "basic", [2, 2, 2, 2]), ("resnet50", "bottleneck", [3, 4, 6, 3])],
)
def test_maps_are_those_of_transformers(name, layer_type, depths):
    trunk, image = fill(ResNet(name)).double().eval(), wave(2, 3, 64, 96).double()
    reference = theirs(trunk, layer_type=layer_type, depths=depths).double()
    with torch.no_grad():
        maps = trunk.pyramid(image)
        wanted = reference(image, output_hidden_states=True).hidden_states[1:]
    assert [tuple(each.shape[1:]) for each in maps] == [
        (width, 64 // stride, 96 // stride)
        for width, stride in zip(trunk.widths, trunk.strides, strict=True)
    ]
    for one, other in zip(maps, wanted, strict=True):
        assert (one - other).abs().max() <= 1e-12 * other.abs().max()


@pytest.mark.parametrize(("name", "millions"), [("resnet18", 11.177), ("resnet50", 23.508)])
def test_as_many_parameters_as_published(name, millions):
    with torch.device("meta"):
        trunk = ResNet(name)
    found = sum(weight.numel() for weight in trunk.parameters()) / 1e6
    assert found == pytest.approx(millions, abs=0.001)


def test_an_unknown_trunk_gets_the_nearest_name():
    with pytest.raises(tk.NotFoundError, match="did you mean 'resnet50'"):
        ResNet("resnet52")
