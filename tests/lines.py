"""A task and a model so small that a run takes a moment: fit a line through noisy points."""

import os
import signal

import torch
from torch import nn
from torch.nn.functional import mse_loss

from tk.protocols import Splits
from tk.training.batches import batches


class Points:
    """Points with fresh noise every time that they are looked at, as augmentation has it."""

    def __init__(self, count, noise):
        self.x = torch.linspace(-1, 1, count * 3, dtype=torch.float64).view(count, 3).float()
        self.noise = noise

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        x = self.x[index]
        return {"x": x + self.noise * torch.randn(3), "y": 2 * x.sum(keepdim=True, dim=0)}


class Line:
    """Learn y = 2 (a + b + c).

    `metrics`, if given, is what evaluations return one after the other. `kill_at`, `interrupt_at`
    and `spoil_at` are the steps at which the process dies, somebody presses Ctrl-C, or the loss
    (or its gradient) is no longer finite.
    """

    def __init__(
        self, *, noise=0.0, metrics=(), kill_at=0, interrupt_at=0, spoil_at=0, spoil="loss"
    ):
        self.noise = noise
        self._metrics, self._spoil, self._steps = list(metrics), spoil, 0
        self._kill_at, self._interrupt_at, self._spoil_at = kill_at, interrupt_at, spoil_at

    def datasets(self, config):
        return Splits(train=Points(48, self.noise), validation=Points(10, 0.0), test=Points(7, 0.0))

    def loss(self, model, batch):
        self._steps += 1
        if self._steps == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._steps == self._interrupt_at:
            raise KeyboardInterrupt
        out = model(batch["x"])
        loss = mse_loss(out, batch["y"])
        if self._steps == self._spoil_at:
            zero = out.sum() * 0
            loss = loss + (zero.sqrt() if self._spoil == "gradient" else zero + float("nan"))
        return loss, {"y": out}

    def evaluate(self, model, data):
        if self._metrics:
            return {"score": self._metrics.pop(0)}
        (batch,) = batches(model, data)
        return {"loss": float(mse_loss(model(batch["x"]), batch["y"]))}


def make_model(dropout=0.0):
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 1))
