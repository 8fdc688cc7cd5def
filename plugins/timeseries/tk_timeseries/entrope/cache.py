"""Tokens and patches of windows, computed once and kept.

The entropy model is frozen, so what it says of a window never changes while the forecaster learns
(`tokenises_affine=False`). The published code asks it again in every epoch.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tk.errors import UsageError
from tk_timeseries.entrope.model import EntroPE, Patched

_UNTRAINED = 0.997


class PatchedWindows:
    """`Patched` by window number: two bytes a token, filled as windows are asked for."""

    def __init__(self, windows: int, model: EntroPE) -> None:
        rows = (windows, model.channels)
        self.ids = torch.zeros(*rows, model.length, dtype=torch.int16)
        self.patches = torch.zeros(*rows, model.length + 1, dtype=torch.int16)
        self.is_known = torch.zeros(windows, dtype=torch.bool)

    def take(self, model: EntroPE, past: Tensor, index: Tensor) -> Patched:
        """Return what the model's frozen part makes of windows.

        Args:
            model: Always the same.
            past: The windows, ``(B, L, C)``.
            index: Their numbers, ``(B,)``.
        """
        index = index.cpu()
        new = ~self.is_known[index]
        if new.any():
            patched = model.tokenise(past[new.to(past.device)])
            self._keep(index[new], patched, model.channels)
        ids, patches = self.ids[index].flatten(0, 1), self.patches[index].flatten(0, 1)
        return Patched(ids.long().to(past.device), patches.long().to(past.device))

    def _keep(self, index: Tensor, patched: Patched, channels: int) -> None:
        self.ids[index] = patched.ids.unflatten(0, (-1, channels)).short().cpu()
        self.patches[index] = patched.patches.unflatten(0, (-1, channels)).short().cpu()
        self.is_known[index] = True


def check_trained(model: EntroPE, past: Tensor) -> None:
    """See that the entropy model knows more of windows than that all tokens are equally likely.

    Fresh weights say 0.9988 of the largest entropy, the published ones of ETTh1 0.78.

    Raises:
        UsageError: It does not; patches would open at random places.
    """
    entropy = float(model.entropies(model.tokenise(past).ids).mean())
    most = math.log(model.tokeniser.vocabulary)
    if entropy > _UNTRAINED * most and model.boundaries.rule != "static":
        raise UsageError(
            f"EntroPE's entropy model is untrained (mean entropy {entropy:.3f} of {most:.3f} "
            "nats); train it first (tk train entropy-pretraining) and name its folder with "
            "--set task.entropy=FOLDER"
        )
