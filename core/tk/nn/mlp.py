"""The two-layer perceptron between attentions."""

from collections.abc import Callable

from torch import Tensor, nn


class Mlp(nn.Module):
    """Linear, activation (exact GELU by default), dropout, linear, dropout along the last axis.

    Tensor names (``fc1``, ``fc2``) are those of most published vision transformers.
    """

    def __init__(
        self,
        dim: int,
        hidden: int,
        *,
        out: int | None = None,
        activation: Callable[[], nn.Module] = nn.GELU,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.activation = activation()
        self.fc2 = nn.Linear(hidden, out or dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(…, out)``."""
        hidden = self.dropout(self.activation(self.fc1(x)))
        out: Tensor = self.dropout(self.fc2(hidden))
        return out
