"""Mixup (arXiv:1710.09412) and CutMix (arXiv:1905.04899) of a batch, and smooth targets.

What is mixed how was drawn with each example, so that a run that is resumed mixes alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from tk_vision.augmentation.drawing import beta, chance
from tk_vision.augmentation.options import Augmentation

Example = Mapping[str, Tensor]


def draw_mix(options: Augmentation) -> Tensor:
    """Draw how an example would mix the batch that it leads: mixup's share, CutMix's, its middle.

    Of the two shares the one that is not used is 1, which changes nothing. ``(4,)``.
    """
    mix, cut = 1.0, 1.0
    if options.cutmix and (not options.mixup or chance(0.5)):
        cut = beta(options.cutmix)
    elif options.mixup:
        mix = beta(options.mixup)
    return torch.cat([torch.tensor([mix, cut]), torch.rand(2)])


@dataclass(frozen=True)
class Mixing:
    """Makes a batch of training examples.

    Attributes:
        classes: How many there are.
        smoothing: Share of the target that goes to all classes alike.
    """

    classes: int
    smoothing: float = 0.0

    def __call__(self, examples: Sequence[Example]) -> dict[str, Tensor]:
        """Return ``image`` and ``target``, ``(B, classes)``; the last is mixed with the first, ….

        The first example's draw holds for the whole batch.
        """
        image = torch.stack([example["image"] for example in examples])
        target = self.targets(torch.stack([example["label"] for example in examples]))
        if "mix" in examples[0] and len(examples) > 1:
            mix, cut, *middle = examples[0]["mix"].tolist()
            other, share = image.flip(0), mix
            if cut < 1:
                image, share = _cut(image, other, cut, middle)
            elif mix < 1:
                image = image.lerp(other, 1 - mix)
            target = target.lerp(target.flip(0), 1 - share)
        return {"image": image, "target": target}

    def targets(self, labels: Tensor) -> Tensor:
        """Return each label's distribution over classes."""
        hard = one_hot(labels, self.classes).float()
        return hard * (1 - self.smoothing) + self.smoothing / self.classes


def _cut(
    image: Tensor, other: Tensor, share: float, middle: Sequence[float]
) -> tuple[Tensor, float]:
    """Put a rectangle of the other pictures in; return the share that was left."""
    height, width = image.shape[2:]
    side = math.sqrt(1 - share) / 2
    spans = []
    for length, at in zip((height, width), middle, strict=True):
        low, high = round((at - side) * length), round((at + side) * length)
        spans.append(slice(max(low, 0), min(high, length)))
    mixed = image.clone()
    mixed[:, :, spans[0], spans[1]] = other[:, :, spans[0], spans[1]]
    taken = math.prod(span.stop - span.start for span in spans)
    return mixed, 1 - taken / (height * width)
