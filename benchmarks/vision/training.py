"""What small members of the families learn beside a plain ViT of about as many weights.

    python benchmarks/vision/training.py --epochs 40 --seeds 0 1 2

trains each on scikit-learn's handwritten digits, enlarged to 32 × 32 (`digits.py`), by one recipe,
and prints the share of 359 test digits told right (one digit is 0.3 points), next to that of the
ViT of the same seed, and the CPU seconds of training. Sizes were chosen once, for their weights.
"""

import argparse
import resource
import statistics
import tempfile
from pathlib import Path

import torch
from digits import Digits

import tk

SIDE = 32
MODELS = {
    "vit": ("vit-s-16", {"dim": 96, "depth": 4, "heads": 4, "patch": 4, "image": SIDE}),
    "tnt": (
        "tnt-mini",
        {"inner": 8, "outer": 72, "inner_heads": 2, "outer_heads": 3, "patch": 4, "stride": 2},
    ),
    "poolformer": ("poolformer-mini", {"depths": [1, 1, 2, 1], "dims": [32, 64, 88, 128]}),
    "resformer": ("resformer-s", {"dim": 96, "depth": 4, "heads": 4, "patch": 4}),
    "cswin": (
        "cswin-t",
        {"dims": [24, 48, 80, 112], "depths": [1, 1, 2, 1], "heads": [2, 4, 4, 4]}
        | {"splits": [1, 2, 2, 1]},
    ),
    "crossformer": (
        "crossformer-t",
        {"dim": 16, "depths": [1, 1, 2, 1], "heads": [1, 2, 4, 8], "groups": [4, 4, 2, 1]}
        | {"intervals": [2, 1, 1, 1]},
    ),
    "crossvit": (
        "crossvit-9",
        {"dims": [48, 96], "heads": [3, 3], "patches": [4, 8], "depths": [[1, 2, 0]] * 2}
        | {"image": [SIDE, SIDE]},
    ),
    "adventurer": ("adventurer-tiny", {"dim": 96, "depth": 3, "patch": 4, "image": SIDE}),
}


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def make(name, task):
    known, options = MODELS[name]
    return tk.create(known, **options, **task.model_options())


def train(name, seed, folder, epochs):
    """Return the test accuracy, and the CPU seconds that training took."""
    torch.manual_seed(seed)
    task = Digits(side=SIDE)
    config = tk.FitConfig(
        output=str(folder / f"{name}-{seed}"),
        epochs=epochs,
        batch_size=64,
        learning_rate=2e-3,
        weight_decay=0.05,
        seed=seed,
        device="cpu",
    )
    began = cpu_seconds()
    fitted = tk.fit(task, make(name, task), config)
    return fitted.metrics["test"]["accuracy"], cpu_seconds() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    arguments = parser.parse_args()
    names = ["vit", *(name for name in arguments.models if name != "vit")]
    print(f"{'model':13}{'weights':>9}{'mean':>7}{'- vit':>7}{'CPU s':>7}  each seed", flush=True)
    floor = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            size = sum(p.numel() for p in make(name, Digits(side=SIDE)).parameters())
            runs = [train(name, s, Path(folder), arguments.epochs) for s in arguments.seeds]
            found, seconds = (list(part) for part in zip(*runs, strict=True))
            mean = statistics.mean(found)
            floor = mean if name == "vit" else floor
            each = " ".join(f"{share:.1%}" for share in found)
            print(
                f"{name:13}{size:9,}{mean:7.1%}{100 * (mean - floor):7.1f}"
                f"{statistics.mean(seconds):7.0f}  {each}",
                flush=True,
            )


if __name__ == "__main__":
    main()
