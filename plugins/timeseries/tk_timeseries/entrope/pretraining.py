"""The task that EntroPE's entropy model is trained for: say the next token.

Recipe of the published code: tokens of the row and of the value that follows it are scaled by the
row's mean absolute value; AdamW 1e-3 with betas .9/.95 and decay .05 on matrices, cosine to 5 %,
clipping at 1, 128 windows a step, up to 50 epochs (`pretraining_config`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from tk import FitConfig
from tk.protocols import Splits
from tk.training.batches import batches
from tk_timeseries.entrope.tokeniser import Tokeniser
from tk_timeseries.windows import Sequences


def pretraining_config(output: str, **changes: Any) -> FitConfig:  # noqa: ANN401 - FitConfig's own
    """Return the published recipe; `changes` replace parts of it (fewer epochs on a processor)."""
    recipe: dict[str, Any] = {
        **{"epochs": 50, "batch_size": 128, "learning_rate": 1e-3, "betas": (0.9, 0.95)},
        **{"weight_decay": 0.05, "schedule": "cosine", "floor": 0.05, "warmup": 0.0},
        **{"clip": 1.0, "patience": 5, "drop_last": False},
    }
    return FitConfig(output=output, **{**recipe, **changes})


class NextToken:
    """Next-token cross-entropy over rows of scaled series; see `EntropyPretraining` for files."""

    def __init__(
        self,
        train: Sequence[Tensor],
        validation: Sequence[Tensor] | None,
        *,
        length: int,
        tokeniser: Tokeniser,
    ) -> None:
        self._train, self._validation = train, validation
        self.length = length
        self._tokeniser = tokeniser

    def model_options(self) -> Mapping[str, Any]:
        """Return what the entropy model needs to know."""
        return {"length": self.length, "vocabulary": self._tokeniser.vocabulary}

    def datasets(self, config: FitConfig) -> Splits[Sequences]:
        """Index the rows."""
        held = self._validation
        validation = Sequences(held, self.length) if held is not None else None
        return Splits(Sequences(self._train, self.length), validation)

    def loss(
        self, model: nn.Module, batch: Mapping[str, Tensor]
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the mean cross-entropy in nats."""
        ids = self.tokens(batch["row"])
        return model(ids[:, :-1], ids[:, 1:]), {}

    def tokens(self, rows: Tensor) -> Tensor:
        """Return the ids ``(B · C, L + 1)`` of rows ``(B, L + 1, C)``."""
        flat = rows.transpose(1, 2).flatten(0, 1)
        return self._tokeniser.encode(flat, scaled_by=flat[:, :-1])

    def evaluate(self, model: nn.Module, data: Sequences) -> Mapping[str, float]:
        """Return the mean cross-entropy over all rows and positions."""
        total, rows = 0.0, 0
        for batch in batches(model, data, batch_size=128):
            loss, _ = self.loss(model, batch)
            total, rows = total + float(loss) * len(batch["row"]), rows + len(batch["row"])
        return {"loss": total / rows}
