"""The task of the small vision benchmarks: scikit-learn's handwritten digits, 1,797 of 8 × 8.

They come with the package (nothing is fetched). Every fifth is for testing, and every fifth of the
others for choosing; `side` enlarges them, bicubically.
"""

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch.nn import functional as F

from tk.protocols import Splits
from tk.training.batches import batches


class Digits:
    best, goal = "accuracy", "highest"

    def __init__(self, *, side=8):
        self.side = side

    def model_options(self):
        return {"num_classes": 10, "channels": 1}

    def datasets(self, config):
        digits = load_digits()
        images = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 8 - 1
        if self.side != images.shape[-1]:
            images = F.interpolate(images, size=(self.side, self.side), mode="bicubic")
        examples = [
            {"image": image, "label": torch.tensor(label)}
            for image, label in zip(images, digits.target, strict=True)
        ]
        order = np.random.default_rng(0).permutation(len(examples))  # one split for every seed
        examples = [examples[i] for i in order]
        rest = [e for i, e in enumerate(examples) if i % 5]
        return Splits(
            train=[e for i, e in enumerate(rest) if i % 5],
            validation=rest[::5],
            test=examples[::5],
        )

    def loss(self, model, batch):
        logits = model(batch["image"])
        return F.cross_entropy(logits, batch["label"]), {"logits": logits}

    def evaluate(self, model, data):
        right, loss = 0, 0.0
        for batch in batches(model, data, batch_size=128):
            logits = model(batch["image"])
            right += int((logits.argmax(1) == batch["label"]).sum())
            loss += float(F.cross_entropy(logits, batch["label"], reduction="sum"))
        return {"accuracy": right / len(data), "loss": loss / len(data)}
