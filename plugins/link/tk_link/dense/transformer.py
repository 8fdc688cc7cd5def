"""Encode texts with any sentence-transformers model, faster than its own ``encode``.

Texts are deduplicated and batched by their number of tokens, so nothing is padded; on the
processor, linear layers go through oneDNN. ``benchmarks/linkage/encode.py`` prints what it brings.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tk_link.dense.linear import DType, accelerate, used_dtype
from tk_link.dense.loading import digest_of, is_plain_text_model, load, probe, tokenise
from tk_link.dense.texts import distinct, equal_length_batches

Vectors = NDArray[np.float32]

_log = logging.getLogger(__name__)

_TOKENS_PER_TEXT = 32
"""``batch_size`` counts texts of this many tokens: long texts come in smaller batches."""
_GPU_FACTOR = 16
"""A GPU wants larger batches than a processor, whose caches they should fit."""
_BLOCK = 16_384
"""Texts tokenised at a time; their tokens are Python integers, some hundred bytes a text."""


class SentenceEncoder:
    """A sentence-transformers model by name or path.

    Attributes:
        dim: Length of the vectors.
        identity: Digest of weights, tokenizer and settings: two encoders that share it give the
            same vectors.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        device: str | None = None,
        offline: bool = False,
        dtype: DType = "auto",
    ) -> None:
        """Load the model. Code that comes with a model is never run.

        Args:
            model: A folder, or a name on the Hugging Face hub.
            device: ``cpu``, ``cuda``, …; the fastest there is where left out.
            offline: Use what is on this machine only.
            dtype: What linear layers are computed in on the processor; ``auto`` takes bfloat16
                where it has instructions for it.

        Raises:
            InputError: There is no such model, or it is no sentence-transformers model.
        """
        self._model = load(str(model), device=device, offline=offline)
        self._model.eval()
        self._is_text_model = is_plain_text_model(self._model)
        digest, self._dtype = digest_of(self._model), dtype
        if self._model.device.type == "cpu":
            accelerate(self._model, dtype=dtype)
        self.dim = int(probe(self._model).shape[-1])
        used = used_dtype(dtype, self._model.device.type)
        self.identity = f"sentence-transformers:{digest}:{used}"

    def encode(self, items: Sequence[str], *, batch_size: int = 64) -> Vectors:
        """Return one vector per text: ``(len(items), dim)``.

        Where the GPU's memory does not suffice, batches shrink and at last the processor takes
        over, and the log says so.

        Args:
            items: Texts.
            batch_size: Texts of 32 tokens in a batch; longer texts come in smaller batches.
        """
        texts, positions = distinct(items)
        out = np.empty((len(texts), self.dim), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(texts), _BLOCK):
                block = texts[start : start + _BLOCK]
                batch_size = self._encode_block(block, out[start : start + len(block)], batch_size)
        return out[positions]

    def _encode_block(self, texts: list[str], out: Vectors, batch_size: int) -> int:
        """Encode into `out` and return the batch size that the memory sufficed for."""
        while True:
            try:
                self._encode_once(texts, out, batch_size)
                return batch_size
            except torch.OutOfMemoryError:
                if self._model.device.type == "cpu":
                    raise
            torch.cuda.empty_cache()
            if batch_size > 1:
                batch_size //= 2
                _log.warning("GPU out of memory while encoding; batches of %d now", batch_size)
            else:
                _log.warning("GPU out of memory while encoding; the processor takes over")
                self._model.to("cpu")
                accelerate(self._model, dtype=self._dtype)
                batch_size = 64

    def _encode_once(self, texts: list[str], out: Vectors, batch_size: int) -> None:
        if not self._is_text_model:  # its own way of reading texts: leave it to the library
            out[:] = self._model.encode(texts, batch_size=batch_size, show_progress_bar=False)
            return
        device = self._model.device
        tokens = tokenise(self._model, texts)
        lengths = np.array([len(row) for row in tokens["input_ids"]], dtype=np.int64)
        most = batch_size * _TOKENS_PER_TEXT * (1 if device.type == "cpu" else _GPU_FACTOR)
        for rows in equal_length_batches(lengths, tokens=most):
            features = {
                name: torch.tensor([values[row] for row in rows], device=device)
                for name, values in tokens.items()
            }
            features["attention_mask"] = torch.ones_like(features["input_ids"])
            found = self._model(features)["sentence_embedding"][:, : self.dim]
            out[rows] = found.float().cpu().numpy()
