"""Adapt any model of pre-norm blocks by little files (AdaptFormer, arXiv:2205.13535).

`attach` freezes a model and installs adapters, prompts and a head that learn; `Adapted.detach`
gives the model back exactly as it was; `load_adapter` attaches what was saved.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from tk.atomic import replacing
from tk.checkpoints.placing import place
from tk.errors import InputError, UsageError
from tk.models import architecture_of
from tk.nn import Model
from tk_vision.adapters import SECOND_NORMS, Tuning, install, remove, second_norm
from tk_vision.adaptformer import make_head

FILE = "adapter.safetensors"
_FORMAT = 1
_HEADS = ("head", "classifier")


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
        model: Any whose blocks have a layer norm before their perceptron: ours, transformers' ViT.
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
    path = Path(path) / FILE if Path(path).is_dir() else Path(path)
    tensors, header = _read(path)
    keys = ("num_classes", "head_norm", "blocks")
    adapted = attach(model, Tuning(**header["tuning"]), **{key: header[key] for key in keys})
    try:
        _check_fits(adapted, header, path, any_weights=any_weights)
        place(model, tensors, where=str(path), fresh=adapted.frozen())
    except InputError:
        adapted.detach()
        raise
    return adapted.eval()


class Adapted(Model):
    """A frozen model with what learns beside it; called like the model, saved without it.

    `attach` makes it. What it lacks itself it takes from the model: ``features``, ``widths``, ….
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
        self._learned = {name: p.requires_grad for name, p in model.named_parameters()}
        self._handles = _install_all(model, self.sites, tuning)
        if self._old_head is not None:
            setattr(model, self._old_head[0], head)
        self.model = model
        self.train(model.training)
        frozen = set(self.frozen())
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name not in frozen)

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

    def frozen(self) -> list[str]:
        """Return the names, in the model, of the tensors that do not learn."""
        learning = [f"{path}.{part}." for path in self.sites for part in ("adaptmlp", "prompts")]
        if self._old_head is not None:
            learning.append(f"{self._old_head[0]}.")
        names = self.model.state_dict(keep_vars=True)
        return [name for name in names if not name.startswith(tuple(learning))]

    @property
    def share(self) -> float:
        """Return the part of all weights that learns, from 0 to 1."""
        weights = list(self.model.parameters())
        learning = sum(p.numel() for p in weights if p.requires_grad)
        return learning / sum(p.numel() for p in weights)

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
        del self.model
        return model

    def _described(self) -> dict[str, Any]:
        """Return what a file says of itself: what it is, and which model it fits."""
        own = {"adapter": _FORMAT, **self.options, "sites": self.sites}
        return own | {"fits": _identity(self.model), "weights": _digest(self.model, self.frozen())}

    def _save_pretrained(self, save_directory: Path) -> None:
        """Write what learned, whole or not at all."""
        frozen = set(self.frozen())
        state = self.model.state_dict().items()
        tensors = {name: t.contiguous() for name, t in state if name not in frozen}
        header = {"adapter": json.dumps(self._described(), sort_keys=True), "format": "pt"}
        with replacing(save_directory / FILE) as stream:
            stream.write(save(tensors, metadata=header))

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
            f"layer norm called {' or '.join(SECOND_NORMS)}, which adapters need"
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


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    if not path.is_file():
        raise InputError(f"{path} is not there; give an adapter file or its folder")
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {}).get("adapter", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as e:
        raise InputError(f"{path} is no whole safetensors file: {e}") from e
    if not header:
        raise InputError(f"{path} is no adapter file; tk.load_checkpoint reads whole models")
    if header["adapter"] != _FORMAT:
        raise InputError(f"{path} has format {header['adapter']}, this version reads {_FORMAT}")
    return tensors, header


def _check_fits(
    adapted: Adapted, header: Mapping[str, Any], path: Path, *, any_weights: bool
) -> None:
    own = adapted._described()
    if header["fits"] != own["fits"] or header["sites"] != own["sites"]:
        raise InputError(f"{path} fits {_summary(header)}; this model is {_summary(own)}")
    if header["weights"] != own["weights"] and not any_weights:
        raise InputError(
            f"{path} was trained beside other weights of {header['fits']}, with which alone its "
            "results are right; load those, or say any_weights=True"
        )


def _summary(header: Mapping[str, Any]) -> str:
    widths = sorted(set(header["sites"].values()))
    return f"{header['fits']} with {len(header['sites'])} blocks of width {widths}"
