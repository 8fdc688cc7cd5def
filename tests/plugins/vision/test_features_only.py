"""Every backbone is a feature pyramid too: `tk.create(name, features_only=True)`."""

import pytest
import torch

import tk
from tk.nn import FeaturePyramid
from tk_vision.classifying.opening import usual_preprocessor

KNOWN = tk.list_models("vision/*", task="image-*")
FIRST = {each.architecture: each.name for each in reversed(KNOWN)}


@pytest.mark.parametrize("name", FIRST.values())
def test_maps_have_the_strides_and_channels_that_are_said(name):
    with torch.device("meta"):
        size = usual_preprocessor(tk.create(name)).size
        body = tk.create(name, features_only=True)
        maps = body(torch.zeros(1, 3, size, size))
    assert len(maps) == len(body.strides) == len(body.channels)
    for each, stride, channels in zip(maps, body.strides, body.channels, strict=True):
        batch, wide, *grid = each.shape
        assert (batch, wide) == (1, channels)
        # CrossViT's second branch sees the image in a size of its own, one patch smaller.
        assert all(abs(cells * stride - size) <= stride for cells in grid)


def test_the_head_is_gone_and_all_else_is_the_backbones():
    torch.manual_seed(0)
    backbone = tk.create("poolformer-mini")
    image = torch.randn(1, 3, 32, 32)
    before = backbone.pyramid(image)
    body = FeaturePyramid(backbone, levels=[0, -1])
    assert not any("head" in name for name, _ in body.named_parameters())
    assert body.strides == [4, 32]
    assert body.channels == [32, 192]
    first, last = body(image)
    assert torch.equal(first, before[0])
    assert torch.equal(last, before[3])
    (first.mean() + last.mean()).backward()


def test_levels_and_models_that_are_not_there_are_refused():
    with pytest.raises(tk.UsageError, match="level 4 is none of 0 to 3"):
        FeaturePyramid(tk.create("poolformer-mini"), levels=[4])
    with pytest.raises(tk.UsageError, match="Linear has no maps"):
        FeaturePyramid(torch.nn.Linear(2, 2))
