"""Random numbers from torch's own generator, as plain numbers."""

import torch


def uniform(low: float = 0.0, high: float = 1.0) -> float:
    """Draw from `low` to `high`."""
    return low + (high - low) * float(torch.rand(()))


def chance(probability: float) -> bool:
    """Draw yes with this probability."""
    return float(torch.rand(())) < probability


def below(count: int) -> int:
    """Draw one of 0 to `count` - 1."""
    return int(torch.randint(count, ()))


def beta(alpha: float) -> float:
    """Draw from Beta(alpha, alpha)."""
    return float(torch.distributions.Beta(alpha, alpha).sample())
