"""A model set up for inference, and many pictures through it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tk.errors import InputError, TkError, UsageError
from tk_vision.inference.batching import in_pieces, pick_batch_size
from tk_vision.inference.hardware import pick_device, pick_dtype
from tk_vision.pictures.checking import in_threads
from tk_vision.pictures.decoding import decode
from tk_vision.pictures.picture import Picture, PictureError
from tk_vision.pictures.preprocessing import Preprocessor

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Running:
    """How a model is run.

    Attributes:
        device: ``auto``, ``cpu``, ``cuda``, ….
        precision: ``auto``, ``float32`` or ``bf16``.
        batch_size: Pictures at a time; 0 chooses by the free memory.
        compile: Let torch.compile make kernels for the model: minutes first, then faster.
    """

    device: str = "auto"
    precision: str = "auto"
    batch_size: int = 0
    compile: bool = False

    def __post_init__(self) -> None:
        if self.batch_size < 0:
            raise UsageError(f"batch size is {self.batch_size}, must be 0 or more")


@dataclass(frozen=True)
class Result:
    """What the model says of a picture, or why there is nothing.

    Attributes:
        picture: Which.
        vector: The model's output, ``(K,)``; None where the picture cannot be used.
        reason: Why not.
    """

    picture: Picture
    vector: Vectors | None
    reason: str = ""


class Runner:
    """One of a model's functions of images, on the device where it is fast."""

    def __init__(self, model: nn.Module, *, size: int, running: Running, method: str = "") -> None:
        """Set up; the model is moved.

        Args:
            model: What is run.
            size: Side of its images.
            running: How.
            method: ``features`` instead of the model's call.

        Raises:
            InputError: The model does not take images of this size.
        """
        self.device = pick_device(running.device)
        self.dtype = pick_dtype(running.precision, self.device)
        self.model = model.to(self.device).eval()
        self._function = getattr(self.model, method) if method else self.model
        example = torch.zeros(1, 3, size, size, device=self.device)
        check_size(self.model, example)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.batch_size = running.batch_size or pick_batch_size(self.model, example)
        if running.compile:
            self._function = torch.compile(self._function)

    def run(self, images: Tensor) -> Tensor:
        """Return float32 outputs ``(B, K)`` on the CPU of images ``(B, 3, S, S)``."""
        return in_pieces(self._run, images)

    def _run(self, images: Tensor) -> Tensor:
        layout = torch.channels_last
        images = images.to(self.device, memory_format=layout, non_blocking=True)
        is_low = self.dtype != torch.float32
        with torch.inference_mode(), torch.autocast(self.device.type, self.dtype, enabled=is_low):
            return self._function(images).float().cpu()


def results(
    runner: Runner, preprocessor: Preprocessor, pictures: Sequence[Picture], *, what: str = ""
) -> Iterator[Result]:
    """Yield what the model says of every picture, in order; damaged ones without a vector.

    Threads decode the next pictures while the model works.
    """

    def tensor(picture: Picture) -> Tensor | str:
        try:
            return preprocessor(decode(picture))
        except PictureError as e:
            return e.reason

    waiting: list[tuple[Picture, Tensor | str]] = []
    loaded = in_threads(tensor, pictures, what=what)
    for picture, found in zip(pictures, loaded, strict=True):
        waiting.append((picture, found))
        if len(waiting) == runner.batch_size:
            yield from _answered(runner, waiting)
            waiting = []
    yield from _answered(runner, waiting)


def _answered(runner: Runner, waiting: Sequence[tuple[Picture, Tensor | str]]) -> Iterator[Result]:
    images = [found for _, found in waiting if isinstance(found, Tensor)]
    outputs = iter(runner.run(torch.stack(images)).numpy() if images else ())
    for picture, found in waiting:
        if isinstance(found, str):
            yield Result(picture, None, found)
        else:
            yield Result(picture, next(outputs))


def check_size(model: nn.Module, example: Tensor) -> None:
    """See that the model takes images like `example`, ``(1, 3, S, S)``.

    Raises:
        InputError: It does not; says why.
    """
    side = example.shape[-1]
    was_training = model.training
    try:
        with torch.inference_mode():
            model.eval()(example)
    except (TkError, RuntimeError, ValueError, IndexError, AssertionError) as e:
        reason = str(e).partition("\n")[0]
        name = type(model).__name__
        raise InputError(
            f"{name} cannot take pictures of {side} × {side}: {reason}; say --image-size"
        ) from e
    finally:
        model.train(was_training)
