"""Adapt any model of pre-norm blocks by little files (AdaptFormer, arXiv:2205.13535).

`attach` freezes a model and installs adapters, prompts and a head that learn; `Adapted.detach`
gives the model back exactly as it was; `load_adapter` attaches what was saved.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tk.checkpoints.placing import place
from tk.checkpoints.reading import read_checkpoint
from tk.errors import InputError, UsageError
from tk.models import architecture_of
from tk.nn import Model
from tk_vision.adapters import SECOND_NORMS, Tuning, install, remove, second_norm
from tk_vision.adaptformer import make_head

_FORMAT = 1
_HEADS = ("head", "classifier")
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def attach(
    model: nn.Module,
    tuning: Tuning | None = None,
    *,
    num_classes: int | None = None,
    head_norm: bool = False,
    blocks: str = "*",
) -> Adapted:
    """Freeze `model`, and put adapters, prompts and a head into it that learn.

    A fresh adapter changes no output. The model is changed in place until `Adapted.detach`.

    Args:
        model: Any whose blocks have a norm before their perceptron: ours, transformers' ViT.
        tuning: What is trained beside it; by default `Tuning()`.
        num_classes: Classes of a new head; None: a copy of the present head is trained.
        head_norm: Whether a new head has the authors' batch norm before it.
        blocks: Pattern of the paths of blocks to adapt, ``blocks.1?``.

    Raises:
        UsageError: No block fits, one has adapters already, or there is no head to replace.
    """
    tuning = Tuning() if tuning is None else tuning
    return Adapted(model, tuning, num_classes=num_classes, head_norm=head_norm, blocks=blocks)


def load_adapter(model: nn.Module, path: str | Path, *, any_weights: bool = False) -> Adapted:
    """Attach what `Adapted.save_pretrained` wrote to the model that it was trained for.

    Args:
        model: The frozen model.
        path: The file, or its folder.
        any_weights: Whether the frozen weights may differ from those in training.

    Raises:
        InputError: It is no adapter file, or was trained for another model or other weights.
    """
    checkpoint = read_checkpoint(Path(path))
    header = checkpoint.config
    if "adapter" not in header:
        raise InputError(f"{path} is no adapter file; tk.load_checkpoint reads whole models")
    if header["adapter"] != _FORMAT:
        raise InputError(f"{path} has format {header['adapter']}; this version reads {_FORMAT}")
    given = {key: header[key] for key in ("num_classes", "head_norm", "blocks")}
    adapted = attach(model, Tuning(**header["tuning"]), **given)
    try:
        _check_fits(adapted, header, where=str(path), any_weights=any_weights)
        place(adapted, checkpoint.tensors, where=str(path))
    except InputError:
        adapted.detach()
        raise
    return adapted.eval()


class Adapted(Model):
    """A frozen model with what learns beside it; called like the model, saved without it.

    `attach` makes it. What it lacks itself it takes from the model: ``features``, ``widths``, ….
    Its state is what learns, so that `save_pretrained` and a trainer's checkpoints are small.
    """

    def __init__(
        self,
        model: nn.Module,
        tuning: Tuning,
        *,
        num_classes: int | None,
        head_norm: bool,
        blocks: str,
    ) -> None:
        super().__init__()
        self.sites = _sites(model, blocks)
        self._old_head = _head(model)
        head = _new_head(self._old_head, num_classes, head_norm)
        if head is None and not (tuning.bottleneck or tuning.prompts):
            raise UsageError("without a head, bottleneck=0 and prompts=0 leave nothing to train")
        self._learned = {name: p.requires_grad for name, p in model.named_parameters()}
        self._handles = _install_all(model, self.sites, tuning)
        if self._old_head is not None:
            setattr(model, self._old_head[0], head)
        self.model = model
        self.train(model.training)
        frozen = set(self.frozen())
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name not in frozen)
        self.register_state_dict_post_hook(_leave_out_frozen)
        self.register_load_state_dict_post_hook(_expect_no_frozen)

    def forward(self, *inputs: Any, **named: Any) -> Any:  # noqa: ANN401 - the model's own
        """Call the model."""
        return self.model(*inputs, **named)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the model has
        """Look for what the wrapper lacks in the model."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name == "model":
                raise UsageError(
                    "these adapters were detached; attach or load them again"
                ) from None
            return getattr(self.model, name)

    def train(self, mode: bool = True) -> Adapted:
        """Set the mode; frozen batch norms keep their statistics, which belong to the model."""
        super().train(mode)
        head = self._old_head and getattr(self.model, self._old_head[0])
        learning = set(head.modules()) if head else set()
        for module in self.model.modules():
            if isinstance(module, _BATCH_NORMS) and module not in learning:
                module.eval()
        return self

    def frozen(self) -> list[str]:
        """Return the names, in the model, of the tensors that do not learn."""
        learning = [f"{path}.{part}." for path in self.sites for part in ("adaptmlp", "prompts")]
        if self._old_head is not None:
            learning.append(f"{self._old_head[0]}.")
        names = self.model.state_dict(keep_vars=True)
        return [name for name in names if not name.startswith(tuple(learning))]

    @property
    def learning(self) -> int:
        """Return how many weights learn."""
        return sum(p.numel() for p in self.model.parameters() if p.requires_grad)

    @property
    def share(self) -> float:
        """Return the part of all weights that learns, from 0 to 1."""
        return self.learning / sum(p.numel() for p in self.model.parameters())

    def detach(self) -> nn.Module:
        """Take out all that was put in and return the model exactly as it was before."""
        model = self.model
        for handle in self._handles:
            handle.remove()
        for path in self.sites:
            remove(model.get_submodule(path))
        if self._old_head is not None:
            name, head = self._old_head
            like = next(getattr(model, name).parameters())
            setattr(model, name, head.to(like))  # where the model has moved to meanwhile
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(self._learned[name])
        model.train(self.training)
        del self.model
        return model

    def _described(self) -> dict[str, Any]:
        """Return what a file says of itself: what it is, and which model it fits."""
        own = {"adapter": _FORMAT, **self.options, "sites": self.sites}
        return own | {"fits": _identity(self.model), "weights": _digest(self.model, self.frozen())}

    @classmethod
    def _from_pretrained(cls, **_options: Any) -> Adapted:  # noqa: ANN401
        raise UsageError("an adapter needs its model: tk_vision.adapted.load_adapter(model, path)")


def _sites(model: nn.Module, pattern: str) -> dict[str, int]:
    """Return path and width of every block that has a norm before its perceptron."""
    found = {}
    for path, module in model.named_modules():
        norm = second_norm(module)
        if norm is not None and fnmatchcase(path, pattern):
            found[path] = norm.normalized_shape[0]
    if not found:
        raise UsageError(
            f"{type(model).__name__} has no block like {pattern!r} with an mlp after a "
            f"norm called {' or '.join(SECOND_NORMS)}, which adapters need"
        )
    return found


def _head(model: nn.Module) -> tuple[str, nn.Module] | None:
    children = dict(model.named_children())
    found = ((name, children[name]) for name in _HEADS if name in children)
    return next(
        ((name, head) for name, head in found if any(True for _ in head.parameters())), None
    )


def _new_head(
    old: tuple[str, nn.Module] | None, num_classes: int | None, head_norm: bool
) -> nn.Module | None:
    if num_classes is None:
        return None if old is None else copy.deepcopy(old[1])
    if old is None:
        raise UsageError(f"the model has no {' or '.join(_HEADS)} to replace by {num_classes}")
    return _like(old[1], num_classes, head_norm)


def _like(head: nn.Module, num_classes: int, head_norm: bool) -> nn.Module:
    """Return a head of other classes for a linear one, or for several (CrossViT's)."""
    if isinstance(head, nn.ModuleList):
        return nn.ModuleList(_like(each, num_classes, head_norm) for each in head)
    if not isinstance(head, nn.Linear):
        raise UsageError(f"a {type(head).__name__} head cannot be replaced; leave num_classes out")
    return make_head(head.in_features, num_classes, head_norm=head_norm).to(head.weight)


def _install_all(model: nn.Module, sites: Mapping[str, int], tuning: Tuning) -> list[Any]:
    handles: list[Any] = []
    done: list[nn.Module] = []
    try:
        for path in sites:
            block = model.get_submodule(path)
            handles += install(block, tuning)
            done.append(block)
    except UsageError:
        for handle in handles:
            handle.remove()
        for block in done:
            remove(block)
        raise
    return handles


def _identity(model: nn.Module) -> str:
    return architecture_of(type(model)) or f"{type(model).__module__}:{type(model).__qualname__}"


def _digest(model: nn.Module, names: list[str]) -> str:
    """Return a digest of the frozen tensors: names, types, shapes and values."""
    digest, state = hashlib.sha256(), model.state_dict()
    for name in sorted(names):
        tensor = state[name].cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _leave_out_frozen(module: nn.Module, state: dict[str, Any], prefix: str, _: object) -> None:
    assert isinstance(module, Adapted)
    for name in module.frozen():
        state.pop(f"{prefix}model.{name}")


def _expect_no_frozen(module: nn.Module, keys: Any) -> None:  # noqa: ANN401 - torch's own tuple
    assert isinstance(module, Adapted)
    frozen = {f"model.{name}" for name in module.frozen()}
    keys.missing_keys[:] = [name for name in keys.missing_keys if name not in frozen]


def _check_fits(
    adapted: Adapted, header: Mapping[str, Any], *, where: str, any_weights: bool
) -> None:
    own = adapted._described()
    if header["fits"] != own["fits"] or header["sites"] != own["sites"]:
        raise InputError(f"{where} fits {_summary(header)}; this model is {_summary(own)}")
    if header["weights"] != own["weights"] and not any_weights:
        raise InputError(
            f"{where} was trained beside other weights of {header['fits']}, with which alone its "
            "results are right; load those, or say any_weights=True"
        )


def _summary(header: Mapping[str, Any]) -> str:
    widths = sorted(set(header["sites"].values()))
    return f"{header['fits']} with {len(header['sites'])} blocks of width {widths}"
