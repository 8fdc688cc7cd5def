"""Covariates for forecasters: a regression on what is known in advance, its errors forecast.

Regression with forecast errors is the classical way to bring covariates in (Hyndman and
Athanasopoulos, Forecasting: Principles and Practice, chapter 10); here both parts learn together.
What is only known of the past is a further channel of a body that mixes channels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tk.errors import NotFoundError, UsageError
from tk.nn import Model
from tk_timeseries.dlinear import DLinear
from tk_timeseries.tsmixer.forecast import TSMixer

BODIES = ("tsmixer", "dlinear")
"""What can forecast the errors; the first mixes channels and so takes past-only covariates."""
_HIDDEN = 16


class Regression(Model):
    """Forecast ``(B, H, 1)`` from a target and its covariates ``(B, L, 1 + F)``.

    Args:
        body: One of `BODIES`.
        known: Covariates that are known in advance, K; they follow the target.
        past_only: Covariates of the past; they come last.
        length: Look-back L.
        horizon: Steps ahead H.
        patch: Steps in a patch of a body that has patches.
        stride: Steps from one patch to the next.
    """

    def __init__(
        self,
        *,
        body: str,
        known: int,
        past_only: int = 0,
        length: int = 96,
        horizon: int = 96,
        patch: int = 16,
        stride: int = 8,
    ) -> None:
        super().__init__()
        if body not in BODIES:
            raise NotFoundError("body", body, BODIES)
        if past_only and body == "dlinear":
            raise UsageError("dlinear takes no past-only covariates; tsmixer does")
        self.known = known
        self.body: nn.Module = DLinear(length=length, horizon=horizon)
        if body == "tsmixer":
            self.body = TSMixer(
                channels=1 + known + past_only,
                mode="mix_channel",
                length=length,
                horizon=horizon,
                patch=patch,
                stride=stride,
            )
        self.straight = nn.Linear(known, 1, bias=False)
        last = nn.Linear(_HIDDEN, 1, bias=False)
        self.bent = nn.Sequential(nn.Linear(known, _HIDDEN), nn.GELU(), last)
        for effect in (self.straight, last):
            nn.init.zeros_(effect.weight)

    def forward(self, past: Tensor, known: Tensor) -> Tensor:
        """Return forecasts of the target.

        Args:
            past: Target, known covariates, past-only ones, ``(B, L, 1 + F)``.
            known: Known covariates of the steps ahead, ``(B, H, K)``.
        """
        before = self._effect(past[..., 1 : 1 + self.known])
        errors = past[..., :1] - before
        if isinstance(self.body, TSMixer):
            errors = torch.cat([errors, past[..., 1:]], dim=-1)
        return self.body(errors)[..., :1] + self._effect(known)

    @torch.no_grad()
    def start_from(self, series: Sequence[Tensor]) -> None:
        """Begin with the effect that least squares find from one step to the next.

        An optimizer that moves a weight by a thousandth a step needs hundreds for as much; changes
        in place of levels, because two trends always go together.

        Args:
            series: Scaled, ``(T, 1 + F)`` each.
        """
        changes = torch.cat([values.diff(dim=0) for values in series]).double()
        known = changes[:, 1 : 1 + self.known]
        found = torch.linalg.lstsq(known, changes[:, :1], driver="gelsd").solution
        self.straight.weight.copy_(found.T)

    def _effect(self, covariates: Tensor) -> Tensor:
        if not self.known:
            return covariates.new_zeros(*covariates.shape[:-1], 1)
        return self.straight(covariates) + self.bent(covariates)

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read which body there is and how many covariates are known in advance."""
        is_linear = "body.trend.0.weight" in tensors
        known = tensors["straight.weight"].shape[1]
        return {"body": BODIES[is_linear], "known": known}
