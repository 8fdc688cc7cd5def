"""How the learning rate moves over the steps of a run."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from tk.training.config import FitConfig


def make_schedule(optimizer: Optimizer, config: FitConfig, steps: int) -> LRScheduler:
    """Make the schedule for a run of so many steps; every group keeps its own highest rate."""
    if config.schedule == "one-cycle":
        rates = [group["lr"] for group in optimizer.param_groups]
        steps = max(steps, 3)  # torch divides by the lengths of the rise and of the fall
        start = max(config.warmup, 2 / steps)
        return OneCycleLR(optimizer, rates, total_steps=steps, pct_start=start)
    return LambdaLR(optimizer, lambda step: factor(config, step, steps))


def factor(config: FitConfig, step: int, steps: int) -> float:
    """Return the share of the learning rate in `step`, of 0 to `steps` - 1."""
    rise = math.ceil(config.warmup * steps)
    if step < rise:
        return (step + 1) / (rise + 1)
    done = min((step - rise) / max(steps - rise, 1), 1.0)
    left = {
        "constant": 1.0,
        "linear": 1 - done,
        "cosine": (1 + math.cos(math.pi * done)) / 2,
    }[config.schedule]
    return left if config.schedule == "constant" else config.floor + (1 - config.floor) * left
