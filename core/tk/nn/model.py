"""What every model of the toolkit is: an `nn.Module` that saves, loads and knows its variants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from huggingface_hub import PyTorchModelHubMixin, hf_hub_download
from safetensors.torch import save_model
from torch import Tensor, nn

from tk.checkpoints.loading import load_tensors
from tk.checkpoints.reading import read_checkpoint
from tk.checkpoints.renaming import Renames, rename
from tk.models import architecture_of

Variants = Mapping[str, Mapping[str, Any]]
"""What each name that `tk.create` knows means: arguments of the class."""

_WEIGHTS = "model.safetensors"


class Model(nn.Module, PyTorchModelHubMixin, library_name="transformer-tk"):
    """Base of all models: typed keyword arguments of plain values (JSON) go in, tensors come out.

    A model of a published system fills in the names below; docs/models.md shows one whole.
    `save_pretrained`, `from_pretrained` and `push_to_hub` come from huggingface_hub.

    Attributes:
        variants: The published sizes, by name, as arguments of the class.
        renames: From the reference's tensor names to ours, for published checkpoints.
    """

    variants: ClassVar[Variants] = {}
    renames: ClassVar[Renames] = ()

    @classmethod
    def convert(cls, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Turn a reference's tensors into ours; override where names alone do not suffice."""
        return rename(tensors, cls.renames)

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read arguments of the class off tensors, under our names; `shapes` has the tools.

        What tensors do not show is left out: it comes from the variant that agrees with the rest.
        An argument that changes results, that tensors do not show and that has no safe default
        should have none in the class either: then loading asks for it instead of guessing.
        """
        return {}

    @property
    def options(self) -> dict[str, Any]:
        """The arguments that this model was built with, defaults included."""
        config = self._hub_mixin_config
        return dict(config) if isinstance(config, dict) else {}

    def save_pretrained(
        self,
        save_directory: str | Path,
        *,
        config: Any = None,  # noqa: ANN401 - as the mixin has it
        **kwargs: Any,  # noqa: ANN401 - the mixin's
    ) -> str | None:
        """Write ``config.json``, ``model.safetensors`` and a model card into a folder."""
        described = self._described() if config is None else config
        return super().save_pretrained(save_directory, config=described, **kwargs)

    def _described(self) -> dict[str, Any]:
        """Return what builds this model again, for a file's reader."""
        name = architecture_of(type(self))
        return {"architecture": name, **self.options} if name else self.options

    def _save_pretrained(self, save_directory: Path) -> None:
        """Write the weights whole or not at all; the file says itself what it holds."""
        described = self._described()
        metadata = {"architecture": str(described.get("architecture", ""))}
        metadata |= {"config": json.dumps(described, sort_keys=True), "format": "pt"}
        part = save_directory / f".{_WEIGHTS}.part"
        try:
            save_model(self, str(part), metadata=metadata)
            part.replace(save_directory / _WEIGHTS)
        finally:
            part.unlink(missing_ok=True)

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        revision: str | None,
        cache_dir: str | Path | None,
        force_download: bool,
        local_files_only: bool,
        token: str | bool | None,
        **options: Any,  # noqa: ANN401 - arguments of the class
    ) -> Self:
        """Load weights that `save_pretrained` wrote; unlike the mixin, silently and strictly."""
        folder = Path(model_id)
        path = folder / _WEIGHTS if folder.is_dir() else None
        path = path or Path(
            hf_hub_download(
                repo_id=model_id,
                filename=_WEIGHTS,
                revision=revision,
                cache_dir=cache_dir,
                force_download=force_download,
                token=token,
                local_files_only=local_files_only,
            )
        )
        tensors = read_checkpoint(path).tensors
        loaded = load_tensors(cls, tensors, options, where=path)
        assert isinstance(loaded, cls)
        return loaded
