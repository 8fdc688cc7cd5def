"""Which rate and which decay each parameter gets."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import nn

from tk.training.config import FitConfig


def make_optimizer(model: nn.Module, config: FitConfig) -> torch.optim.Optimizer:
    """Make the optimizer that `config` names, over the parameters that learn."""
    groups = parameter_groups(model, config)
    if config.optimizer == "sgd":
        momentum = config.betas[0]
        return torch.optim.SGD(groups, momentum=momentum, nesterov=momentum > 0)
    return torch.optim.AdamW(groups, betas=config.betas)


def parameter_groups(model: nn.Module, config: FitConfig) -> list[dict[str, Any]]:
    """Group parameters by learning rate and weight decay, in the model's order.

    A model may name parameters without decay itself, in ``no_decay``, as its paper does.
    """
    patterns = (*config.no_decay, *getattr(model, "no_decay", ()))
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    depths = layers([name for name, _ in named])
    top = max(depths.values(), default=0)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in named:
        rate = config.learning_rate * config.layer_decay ** (top - depths[name])
        decay = 0.0 if _is_free(name, parameter, patterns) else config.weight_decay
        groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": p, "lr": r, "weight_decay": d} for (r, d), p in groups.items()]


def layers(names: list[str]) -> dict[str, int]:
    """Number the layer that each parameter belongs to, from the input up.

    What is registered before the first numbered block (``blocks.0.``) is layer 0, each block is
    the next layer, and what comes after a block and is in none (norm, head) is above it.
    """
    found, blocks, current = {}, list[str](), 0
    for name in names:
        match = re.match(r"(.*?\.\d+)\.", name)
        if match:
            if match[1] not in blocks:
                blocks.append(match[1])
            current = blocks.index(match[1]) + 1
            found[name] = current
        else:
            found[name] = len(blocks) + 1 if blocks else 0
    return found


def _is_free(name: str, parameter: nn.Parameter, patterns: Iterable[str]) -> bool:
    """Say whether weight decay spares it: vectors in any shape, and what is named."""
    is_vector = sum(side > 1 for side in parameter.shape) <= 1
    return is_vector or any(fnmatchcase(name, pattern) for pattern in patterns)
