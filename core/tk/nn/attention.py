"""Multi-head self-attention (arXiv:1706.03762, eq. 1) through the fused kernels of torch."""

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from tk.errors import UsageError


class Attention(nn.Module):
    """Self-attention with one projection for queries, keys and values: ``(B, N, C)`` to the same.

    The projection's output is split as ``[q | k | v]``, each into heads of consecutive channels.
    Tensor names (``qkv``, ``proj``) are those of most published vision transformers.
    """

    def __init__(
        self,
        dim: int,
        *,
        heads: int,
        qkv_bias: bool = True,
        attention_dropout: float = 0.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if dim % heads:
            raise UsageError(f"width {dim} cannot be split into {heads} heads")
        self.heads = heads
        self.attention_dropout = attention_dropout
        self.qkv = nn.Linear(dim, 3 * dim, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """Attend; `bias` is added to the logits and broadcasts to ``(B, heads, N, N)``.

        A boolean `bias` says instead which keys take part.
        """
        shape = (*x.shape[:-1], 3, self.heads, -1)
        query, key, value = self.qkv(x).view(shape).permute(2, 0, 3, 1, 4)
        rate = self.attention_dropout if self.training else 0.0
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=bias, dropout_p=rate)
        mixed = mixed.transpose(1, 2).flatten(2)
        out: Tensor = self.dropout(self.proj(mixed))
        return out
