"""Make models that circular shifts do not change (arXiv:2306.07470), and measure that."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from tk.errors import UsageError
from tk.nn import Model
from tk_vision import cswin
from tk_vision.polyphase import PolyTwins, PolyViT, anchor
from tk_vision.twins import Twins
from tk_vision.vit import ViT

_SHIFTS = ((1, 3), (5, 2), (7, 11), (16, 9))
_NOISE = 1e-8
"""Of the largest logit, in float64: above another order of summation, below another phase."""


def make_equivariant(model: Model, *, size: int = 224) -> Model:
    """Return a copy whose logits no circular shift changes, and whose maps roll with the image.

    A ViT loses its table of positions to a convolution that starts at zero, and wants some
    training. Twins and models of convolutions and windows (CSWin) keep every tensor. Sides of
    images must be multiples of all steps inside.

    Args:
        model: A plain ViT, Twins, or a model whose places come from convolutions alone.
        size: Side of the square image on which the copy is tried.

    Raises:
        UsageError: Shifts still change the copy: it reads places in some other way.
        InputError: The copy cannot take `size`.
    """
    if type(model) is ViT:
        made: Model = _poly_vit(model)
    elif type(model) is Twins:
        made = PolyTwins(**model.options)
        made.load_state_dict(model.state_dict())
    else:
        made = _anchored(copy.deepcopy(model))
    made = made.to(next(model.parameters())).train(model.training)
    changed = largest_change(made, size)
    if not changed <= _NOISE:
        raise UsageError(
            f"{type(model).__name__} does not fit: shifts still change its logits by {changed:.1%} "
            "of the largest; convert a plain ViT, Twins or CSWin"
        )
    return made


@torch.no_grad()
def largest_change(model: Model, size: int) -> float:
    """Return by how much four shifts change the logits of noise, relative to the largest.

    Computed in float64 on the CPU, where rounding stays below 1e-10.
    """
    exact = copy.deepcopy(model).cpu().double().eval()
    generator = torch.Generator().manual_seed(0)
    channels = model.options.get("channels", 3)
    image = torch.randn(1, channels, size, size, generator=generator, dtype=torch.float64)
    logits = exact(image)
    moved = [exact(image.roll(shift, (2, 3))) for shift in _SHIFTS]
    return max(float((each - logits).abs().max() / logits.abs().max()) for each in moved)


@torch.no_grad()
def shift_consistency(
    model: nn.Module, images: Tensor, *, furthest: int = 15, seed: int = 0
) -> float:
    """Return the share of images that two random circular shifts leave in one class.

    Section 4 of the paper: shifts are drawn from 0 to `furthest` - 1 on each axis.

    Args:
        model: Gives logits ``(B, classes)``.
        images: ``(B, C, H, W)``.
        furthest: Bound of the shifts.
        seed: Of the shifts.
    """
    generator = torch.Generator().manual_seed(seed)
    training = model.training
    model.eval()
    try:
        first, second = (model(_shifted(images, furthest, generator)).argmax(1) for _ in range(2))
    finally:
        model.train(training)
    return float((first == second).double().mean())


@torch.no_grad()
def worst_shift_accuracy(
    model: nn.Module, images: Tensor, labels: Tensor, *, furthest: int = 4
) -> float:
    """Return the share of images that no circular shift takes from the right class.

    Every shift of 0 to `furthest` - 1 rows and columns is tried: furthest² times the cost of once.
    """
    training = model.training
    model.eval()
    right = torch.ones(len(images), dtype=torch.bool, device=labels.device)
    try:
        for step in ((r, c) for r in range(furthest) for c in range(furthest)):
            right &= model(images.roll(step, (2, 3))).argmax(1) == labels
    finally:
        model.train(training)
    return float(right.double().mean())


def _shifted(images: Tensor, furthest: int, generator: torch.Generator) -> Tensor:
    steps = torch.randint(furthest, (len(images), 2), generator=generator).tolist()
    return torch.stack([i.roll(s, (1, 2)) for i, s in zip(images, steps, strict=True)])


def _poly_vit(model: ViT) -> PolyViT:
    """Return the model with anchored patches; its new convolution adds nothing yet."""
    options = {name: value for name, value in model.options.items() if name != "image"}
    made = PolyViT(**options, patch_norm=False)
    for parameter in made.pos_conv.parameters():
        nn.init.zeros_(parameter)
    tensors = {name: t for name, t in model.state_dict().items() if name != "pos_embed"}
    made.load_state_dict({**made.pos_conv.state_dict(prefix="pos_conv."), **tensors})
    return made


def _anchored(model: Model) -> Model:
    """Let every convolution pad in circles, and anchor what windows and strides cut."""
    for module in model.modules():
        if isinstance(module, cswin.Block) and len(module.attns) > 1 and module.split > 1:
            module.register_forward_pre_hook(_anchor_windows)
        if isinstance(module, nn.Conv2d):
            module.padding_mode = "circular" if any(module.padding) else module.padding_mode
            if max(module.stride) > 1:
                module.register_forward_pre_hook(_anchor_strides)
    return model


def _anchor_strides(conv: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    assert isinstance(conv, nn.Conv2d)
    return (anchor(inputs[0], conv.stride[0])[0], *inputs[1:])


def _anchor_windows(block: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    assert isinstance(block, cswin.Block)
    maps, _ = anchor(inputs[0].permute(0, 3, 1, 2), block.split)  # the block's are channels-last
    return (maps.permute(0, 2, 3, 1), *inputs[1:])
