"""ResFormer's claim in small: one model for many image sizes, and what training at several gives.

    python benchmarks/vision/resolutions.py --epochs 20 --output scratch

trains a plain ViT and ResFormer of one width and depth on digits enlarged to 32 × 32
(`digits.py`), each at 32 pixels alone and at 32, 24 and 16 together, and prints the share of test
digits told right at sizes from 12 to 64, and the CPU seconds of training.
"""

import argparse
import resource
import tempfile
from pathlib import Path

import torch
from digits import Digits

import tk
from tk_vision.multi_resolution import MultiResolution, Resized

TRUNK = {"dim": 48, "depth": 4, "heads": 4, "patch": 4}
MODELS = {"vit": ("vit-s-16", {"image": 32}), "resformer": ("resformer-s", {})}
SIZES = (12, 16, 20, 24, 32, 40, 48, 64)


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def run_one(name, sizes, arguments, *, seed, folder):
    torch.manual_seed(seed)
    inner = Digits(side=32)
    task = MultiResolution(inner, sizes=sizes) if len(sizes) > 1 else inner
    known, options = MODELS[name]
    model = tk.create(known, **TRUNK, **options, **task.model_options())
    config = tk.FitConfig(
        output=str(folder / f"{name}-{len(sizes)}-{seed}"),
        epochs=arguments.epochs,
        batch_size=64,
        learning_rate=2e-3,
        weight_decay=0.05,
        seed=seed,
        device="cpu",
    )
    began = cpu_seconds()
    fitted = tk.fit(task, model, config)
    seconds = cpu_seconds() - began
    test = inner.datasets(config).test
    found = [inner.evaluate(fitted.model, Resized(test, size))["accuracy"] for size in SIZES]
    cells = "".join(f"{100 * share:>7.1f}" for share in found)
    print(f"{name:12}{'-'.join(map(str, sizes)):>10}{seed:>6}{cells}{seconds:>9.0f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--output", type=Path, help="folder for runs; by default none is kept")
    arguments = parser.parse_args()
    print(
        f"{'model':12}{'trained at':>10}{'seed':>6}{''.join(f'{s:>7}' for s in SIZES)}{'CPU s':>9}"
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.output or Path(temporary)
        for seed in arguments.seeds:
            for name in MODELS:
                for sizes in ([32], [32, 24, 16]):
                    run_one(name, sizes, arguments, seed=seed, folder=folder)


if __name__ == "__main__":
    main()
