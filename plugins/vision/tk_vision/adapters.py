"""The adapters of AdaptFormer (arXiv:2205.13535) and deep prompts (VPT, arXiv:2203.12119).

An adapter is a narrow perceptron beside the perceptron of a block, or after it (section 3.2).
It listens at the block's second norm through hooks, so that the block itself is not changed and
any pre-norm block will do: ``x`` is the tensor after attention's residual, before that norm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tk.errors import UsageError
from tk.nn import Attention

PLACEMENTS = ("parallel", "sequential")
NORMS = ("none", "in", "out")
SECOND_NORMS = ("norm2", "layernorm_after", "layer_norm2", "norm_mlp")
"""What pre-norm blocks call the norm before their perceptron: timm, transformers, Mamba."""
_EXITS = ("drop_path2", "drop_path", "dropout", "mlp")
"""Children of a block; the first that it has is the last that the perceptron's branch passes."""

_SETS = ("transformers.models.vit.", "transformers.models.deit.")


@dataclass(frozen=True)
class Tuning:
    """What is trained beside a frozen model; without adapters and prompts the head alone.

    Attributes:
        bottleneck: Width r of an adapter; 0: no adapters.
        placement: ``parallel``: beside the perceptron, ``sequential``: after it.
        adapter_norm: Layer norm of the adapter's input (``in``), of its output (``out``), ``none``.
        adapter_scale: Factor s of the adapter's output; None: learned, from 1.
        adapter_dropout: Rate between the adapter's two layers.
        prompts: Learned tokens that each block sees beside its own; 0: none.
    """

    bottleneck: int = 64
    placement: str = "parallel"
    adapter_norm: str = "none"
    adapter_scale: float | None = 0.1
    adapter_dropout: float = 0.1
    prompts: int = 0

    def __post_init__(self) -> None:
        """Raise `UsageError` for what cannot be."""
        if self.placement not in PLACEMENTS:
            raise UsageError(f"placement {self.placement!r} is none of {', '.join(PLACEMENTS)}")
        if self.adapter_norm not in NORMS:
            raise UsageError(f"adapter_norm {self.adapter_norm!r} is none of {', '.join(NORMS)}")
        if min(self.bottleneck, self.prompts) < 0:
            raise UsageError(f"bottleneck {self.bottleneck} or prompts {self.prompts} is below 0")
        if not 0 <= self.adapter_dropout < 1:
            raise UsageError(f"adapter_dropout {self.adapter_dropout} is not in [0, 1)")


class Adapter(nn.Module):
    """``s · up(relu(down(x)))`` along the last axis (eq. 2 and 3), zero at the start.

    With `residual` it adds its input. Tensor names are the authors'.
    """

    def __init__(self, dim: int, tuning: Tuning) -> None:
        super().__init__()
        self.residual = tuning.placement == "sequential"
        self.norm_at = tuning.adapter_norm
        if self.norm_at != "none":
            self.adapter_layer_norm_before = nn.LayerNorm(dim)  # so called wherever it is
        learned = tuning.adapter_scale is None
        self.scale = nn.Parameter(torch.ones(1)) if learned else tuning.adapter_scale
        self.down_proj = nn.Linear(dim, tuning.bottleneck)
        self.dropout = nn.Dropout(tuning.adapter_dropout)
        self.up_proj = nn.Linear(tuning.bottleneck, dim)
        nn.init.kaiming_uniform_(self.down_proj.weight, a=math.sqrt(5))
        for zero in (self.down_proj.bias, self.up_proj.weight, self.up_proj.bias):
            nn.init.zeros_(zero)
        self._entered: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        inner = self.adapter_layer_norm_before(x) if self.norm_at == "in" else x
        y = self.scale * self.up_proj(self.dropout(torch.relu(self.down_proj(inner))))
        if self.norm_at == "out":
            y = self.adapter_layer_norm_before(y)
        return y + x if self.residual else y

    # Hooks are bound methods, which a deep copy of the block binds to the copied adapter.

    def start(self, _block: nn.Module, _inputs: object) -> None:
        """Forget what an interrupted forward pass left."""
        self._entered = None

    def enter(self, _norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        """Keep what the second norm reads."""
        self._entered = inputs[0]

    def beside(self, block: nn.Module, _inputs: object, output: Any) -> Any:  # noqa: ANN401
        """Add the adapter of what the second norm read to what the block returns."""
        x, self._entered = self._entered, None
        if x is None:
            raise UsageError(f"{type(block).__name__} did not call the norm that its adapter hears")
        return _replace_first(output, _first(output) + self(x))

    def after(self, _module: nn.Module, _inputs: object, output: Tensor) -> Tensor | None:
        """Adapt what leaves the perceptron; the same module may have served attention before."""
        if self._entered is None:
            return None
        self._entered = None
        adapted: Tensor = self(output)
        return adapted

    def finish(self, block: nn.Module, _inputs: object, _output: object) -> None:
        """See that the adapter was called."""
        if self._entered is not None:
            raise UsageError(
                f"an adapter cannot follow the perceptron of {type(block).__name__}; "
                "say placement='parallel'"
            )


class Prompts(nn.Module):
    """Learned tokens ``(1, P, C)`` that one block sees before all others."""

    def __init__(self, prompts: int, dim: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.empty(1, prompts, dim))
        nn.init.xavier_uniform_(self.table)

    def prepend(self, _block: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Put the prompts before the block's tokens."""
        x, *rest = inputs
        return (torch.cat([self.table.expand(len(x), -1, -1), x], dim=1), *rest)

    def strip(self, _block: nn.Module, _inputs: object, output: Any) -> Any:  # noqa: ANN401
        """Take the prompts from what the block returns."""
        return _replace_first(output, _first(output)[:, self.table.shape[1] :])


def second_norm(block: nn.Module) -> nn.LayerNorm | nn.RMSNorm | None:
    """Return the norm before a block's perceptron (``mlp``); None if there is none."""
    children = dict(block.named_children())
    if "mlp" not in children:
        return None
    found = (children.get(name) for name in SECOND_NORMS)
    return next((norm for norm in found if isinstance(norm, nn.LayerNorm | nn.RMSNorm)), None)


def install(block: nn.Module, tuning: Tuning) -> list[Any]:
    """Put an adapter (``adaptmlp``) and prompts (``prompts``) into a block; return their handles.

    Raises:
        UsageError: The block has no known norm before its perceptron, or has adapters already.
    """
    norm, kind = second_norm(block), type(block).__name__
    if norm is None or len(norm.normalized_shape) != 1:
        raise UsageError(f"{kind} has no mlp after a norm {' or '.join(SECOND_NORMS)}")
    if {"adaptmlp", "prompts"} & {name for name, _ in block.named_children()}:
        raise UsageError(f"{kind} has adapters already; detach them first")
    like: Mapping[str, Any] = {"device": norm.weight.device, "dtype": norm.weight.dtype}
    dim, handles = norm.normalized_shape[0], []
    if tuning.prompts and not _sees_a_set(block):
        raise UsageError(f"{kind} may know the places of its tokens; it can take no prompts")
    if tuning.bottleneck:
        adapter = Adapter(dim, tuning).to(**like).train(block.training)
        handles += _listen(block, norm, adapter, tuning.placement)
        block.adaptmlp = adapter
    if tuning.prompts:
        prompts = Prompts(tuning.prompts, dim).to(**like)
        handles.append(block.register_forward_pre_hook(prompts.prepend))
        handles.append(block.register_forward_hook(prompts.strip))
        block.prompts = prompts
    return handles


def remove(block: nn.Module) -> None:
    """Take out what `install` put in, but for the hooks, which its handles remove."""
    for name in ("adaptmlp", "prompts"):
        if name in dict(block.named_children()):
            delattr(block, name)


def _sees_a_set(block: nn.Module) -> bool:
    """Say whether attention is known to ask for nothing but tokens, however many."""
    kinds = [type(child) for child in block.children()]
    return any(k is Attention or k.__module__.startswith(_SETS) for k in kinds)


def _listen(block: nn.Module, norm: nn.Module, adapter: Adapter, placement: str) -> list[Any]:
    handles: list[Any] = [block.register_forward_pre_hook(adapter.start)]
    handles.append(norm.register_forward_pre_hook(adapter.enter))
    if placement == "parallel":
        return [*handles, block.register_forward_hook(adapter.beside)]
    children = dict(block.named_children())
    leaving = next(children[name] for name in _EXITS if name in children)
    handles.append(leaving.register_forward_hook(adapter.after))
    return [*handles, block.register_forward_hook(adapter.finish)]


def _first(output: Any) -> Tensor:  # noqa: ANN401 - whatever a block returns
    first: Tensor = output[0] if isinstance(output, tuple) else output
    return first


def _replace_first(output: Any, first: Tensor) -> Any:  # noqa: ANN401
    return (first, *output[1:]) if isinstance(output, tuple) else first
