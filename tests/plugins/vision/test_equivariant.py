"""Models are made shift-equivariant where they can be, and refused where they cannot."""

import copy

import pytest
import torch

import tk
from tk_vision.adapted import attach
from tk_vision.adapters import Tuning
from tk_vision.cswin import CSWin
from tk_vision.equivariant import (
    largest_change,
    make_equivariant,
    shift_consistency,
    worst_shift_accuracy,
)
from tk_vision.metaformer import MetaFormer
from tk_vision.polyphase import PolyTwins, PolyViT, anchor
from tk_vision.resformer import ResFormer
from tk_vision.tnt import TNT
from tk_vision.twins import Twins
from tk_vision.vit import ViT


def noise(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(5))


def vit(**options):
    torch.manual_seed(0)
    sizes = {"dim": 16, "depth": 2, "heads": 2, "image": 32, "patch": 8, "num_classes": 7}
    return ViT(**{**sizes, **options}).eval()


def twins():
    torch.manual_seed(0)
    sizes = {"dims": [8, 8, 16, 16], "heads": [2] * 4, "depths": [2, 2, 2, 1], "num_classes": 7}
    return Twins(**sizes, windows=[4, 4, 2, 2], ratios=[4, 2, 2, 1]).eval()


def cswin():
    torch.manual_seed(0)
    sizes = {"dims": [8, 16, 16, 32], "depths": [1, 2, 2, 1], "heads": [2, 4, 4, 8]}
    return CSWin(**sizes, splits=[1, 2, 2, 2], num_classes=7, branches=[2, 2, 2, 1]).eval()


def every_shift(image):
    return torch.cat([image.roll((r, c), (2, 3)) for r in range(17) for c in range(17)])


@pytest.mark.parametrize(
    ("make", "kind", "side"),
    [
        (vit, PolyViT, 32),
        (lambda: vit(pool="mean", class_token=False, channels=1), PolyViT, 32),
        (twins, PolyTwins, 64),
        (cswin, CSWin, 64),
    ],
)
@torch.no_grad()
def test_converted_models_are_consistent_under_every_shift_and_their_maps_roll(make, kind, side):
    model = make()
    before = copy.deepcopy(model.state_dict())
    images = noise(1, model.options.get("channels", 3), side, side)
    assert largest_change(model, side) > 1e-2
    made = make_equivariant(model, size=side)
    assert type(made) is kind
    assert not made.training
    logits = made(every_shift(images))
    assert (logits - logits[0]).abs().max() < 1e-5 * logits.abs().max()
    for maps in made.pyramid(every_shift(images)[::29]):
        first, (height, width) = maps[0], maps.shape[2:]
        rolls = torch.stack(
            [first.roll((r, c), (1, 2)) for r in range(height) for c in range(width)]
        )
        nearest = (maps[:, None] - rolls[None]).abs().flatten(2).amax(2).amin(1)
        assert nearest.max() < 1e-5 * first.abs().max()
    assert all(torch.equal(model.state_dict()[name], t) for name, t in before.items())
    kept = {n: t for n, t in made.state_dict().items() if not n.startswith("pos_conv.")}
    assert kept.keys() == before.keys() - {"pos_embed"}
    assert all(torch.equal(before[name], tensor) for name, tensor in kept.items())


@torch.no_grad()
def test_a_converted_vit_is_the_vit_without_positions_on_anchored_images():
    model = vit(pool="mean")
    made, images = make_equivariant(model, size=32), noise(3, 3, 32, 32)
    model.pos_embed.zero_()
    assert torch.allclose(made(images), model(anchor(images, 8)[0]), atol=1e-6)
    assert torch.equal(made(anchor(images, 8)[0]), made(images))


def test_a_converted_vit_learns_positions_and_can_be_saved_and_adapted(tmp_path):
    made = make_equivariant(vit(), size=32)
    made(noise(2, 3, 32, 32)).square().sum().backward()
    assert made.pos_conv.proj.weight.grad.abs().max() > 0
    made.save_pretrained(tmp_path)
    again = tk.load_checkpoint(tmp_path)
    assert type(again) is PolyViT
    assert torch.equal(again(noise(2, 3, 32, 32)), made(noise(2, 3, 32, 32)))
    adapted = attach(again, Tuning(bottleneck=4), num_classes=3)
    with torch.no_grad():
        for parameter in adapted.parameters():
            parameter.add_(torch.randn_like(parameter) / 10)
    assert largest_change(adapted.model, 32) < 1e-10


class Corner(torch.nn.Module):
    """Tell images apart by the strongest channel of one pixel, or of all."""

    def __init__(self, side):
        super().__init__()
        self.side = side

    def forward(self, images):
        return images[:, :, : self.side, : self.side].mean((2, 3))


def test_consistency_is_the_share_of_images_that_stay_in_their_class():
    images = noise(300, 3, 16, 16)
    share = shift_consistency(Corner(1), images)
    assert share == pytest.approx(1 / 3, abs=0.1)  # three channels, two draws
    assert share == shift_consistency(Corner(1), images)
    assert shift_consistency(Corner(1), images, furthest=1) == 1
    assert shift_consistency(Corner(16), images.double()) == 1
    assert shift_consistency(make_equivariant(vit(), size=32), noise(24, 3, 32, 32)) == 1


def test_the_worst_shift_counts_and_does_not_harm_equivariant_models():
    images = noise(200, 3, 16, 16)
    plain = Corner(1).train()
    labels = plain(images).argmax(1)
    assert worst_shift_accuracy(plain, images, labels, furthest=1) == 1
    assert worst_shift_accuracy(plain, images, labels, furthest=3) < 0.05
    assert plain.training
    made, images = make_equivariant(vit(), size=32), noise(12, 3, 32, 32)
    labels = made(images).argmax(1)
    labels[:3] = (labels[:3] + 1) % 7
    assert worst_shift_accuracy(made, images, labels) == 0.75


@pytest.mark.parametrize(
    ("model", "size"),
    [
        (ResFormer(dim=16, depth=1, heads=2, patch=8, num_classes=7), 32),
        (MetaFormer(depths=[1] * 4, dims=[8] * 4, num_classes=7, scale=0.5), 64),
        (
            TNT(inner=8, outer=16, inner_heads=2, outer_heads=4, depth=2, image=32, num_classes=7),
            32,
        ),
    ],
)
def test_models_that_read_places_otherwise_are_refused(model, size):
    with pytest.raises(tk.UsageError, match=rf"{type(model).__name__} does not fit: .*%"):
        make_equivariant(model, size=size)


def test_sizes_that_steps_do_not_divide_are_refused():
    with pytest.raises(tk.InputError, match="36 x 36 has no phases of 8 x 8"):
        make_equivariant(vit(), size=36)
    made = make_equivariant(cswin(), size=64)
    with pytest.raises(tk.InputError, match="no phases of"):
        made(noise(1, 3, 66, 64))
