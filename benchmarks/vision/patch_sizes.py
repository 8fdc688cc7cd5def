"""Accuracy as patches shrink (arXiv:2502.03738), in small: digits of 8 × 8, patches of 8, 4, 2, 1.

    python benchmarks/vision/patch_sizes.py --models vit adventurer --epochs 20 --chart law

trains one trunk a patch (`digits.py` says on what) and prints tokens, multiply-adds, weights, the
share of test digits told right, the CPU seconds, and the law fitted to the errors. ``--chart law``
writes ``law-vit.svg`` and so on.
"""

import argparse
import resource
import tempfile
from pathlib import Path

from digits import Digits

import tk
from tk.charts import to_svg
from tk_vision.patch_scaling import draw, fit_law, sweep, table

TRUNKS = {
    "vit": ("vit-s-16", {"dim": 48, "depth": 4, "heads": 4}),
    "adventurer": ("adventurer-tiny", {"dim": 48, "depth": 4, "state": 16, "head_dim": 16}),
}


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def trainer(task, epochs, folder, seed):
    def train(model):
        config = tk.FitConfig(
            output=str(folder / f"patch-{model.options['patch']}"),
            epochs=epochs,
            batch_size=32,
            learning_rate=2e-3,
            weight_decay=0.05,
            seed=seed,
            device="cpu",
        )
        return tk.fit(task, model, config).metrics["test"]["accuracy"]

    return train


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", nargs="+", default=list(TRUNKS), choices=list(TRUNKS))
    parser.add_argument("--patches", type=int, nargs="+", default=[8, 4, 2, 1])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--chart", default="", help="beginning of the pictures' names")
    arguments = parser.parse_args()
    task = Digits()
    for model in arguments.models:
        name, trunk = TRUNKS[model]
        began = cpu_seconds()
        with tempfile.TemporaryDirectory() as folder:
            train = trainer(task, arguments.epochs, Path(folder), arguments.seed)
            options = {**trunk, **task.model_options()}
            found = sweep(
                name,
                train,
                image=8,
                patches=arguments.patches,
                seed=arguments.seed,
                **options,
            )
            points = list(found)
        law = fit_law(points)
        print(f"{model}, {cpu_seconds() - began:.0f} CPU seconds\n{table(points)}")
        print(f"{law}\n")
        if arguments.chart:
            Path(f"{arguments.chart}-{model}.svg").write_text(to_svg(draw(points, law)))


if __name__ == "__main__":
    main()
