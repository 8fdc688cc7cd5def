"""The long-horizon protocol: all models in one run, nothing of the test set dropped.

    python benchmarks/timeseries/long_horizon.py ETTh1.csv --horizons 96 --seeds 0 \
        --epochs 3 --entropy etth1.pt --output scratch

prints for every model MSE and MAE over all test windows and, as the papers have it, without the
last partial batch; and the CPU seconds of an epoch with its validation, because wall time means
nothing on a shared machine. Tokens and entropies of EntroPE's windows are made once a run, before
the first epoch: "CPU s once". EntroPE needs its entropy model: ``--entropy`` names a published or
trained one, otherwise it is trained first on the training part. ``--epochs`` shortens the recipes;
the schedule is always whole. The look-back is 96 as in EntroPE's papers; ``--lookback 512`` is that
of TSMixer's. ``ETTh1``, ``ETTh2``, … in place of a file fetch the data set, and
``--horizons 96 192 336 720 --seeds 0 1 2 3 4`` is the whole protocol; several seeds end with their
means and deviations. The last lines compare EntroPE's epoch with PatchTST's.
"""

import argparse
import resource
from pathlib import Path
from typing import NamedTuple

import torch

import tk
from tk.training.batches import batches
from tk_timeseries.entrope.entropy import EntropyModel
from tk_timeseries.entrope.pretraining import pretraining_config
from tk_timeseries.seasonal import SeasonalNaive
from tk_timeseries.task import EntropyPretraining, Forecasting, WindowTask


class Recipe(NamedTuple):
    """How a model is trained; `rate` is the highest, `patience` in epochs (0: all are run)."""

    rate: float
    epochs: int = 10
    batch: int = 128
    patience: int = 0


RECIPES = {  # EntroPE's are those of its authors' scripts for these data sets
    "dlinear": Recipe(5e-3),
    "tsmixer-ci": Recipe(1e-3),
    "tsmixer-cc": Recipe(1e-3),
    "tsmixer-ci-h": Recipe(1e-3),
    "patchtst-small": Recipe(1e-3),
    "patchtst": Recipe(1e-4),
    "entrope-etth1": Recipe(1e-2),
    "entrope-etth2": Recipe(1e-2, epochs=50, batch=32, patience=10),
}
USUAL = ["dlinear", "tsmixer-ci", "patchtst-small", "patchtst", "entrope-etth1"]


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(task, model, test, size=128):
    """Return mean squared and absolute error of each test window, ``(N,)`` each."""
    squared, absolute = [], []
    for batch in batches(model, test, batch_size=size):
        error = task.predict(model, batch, test) - batch["future"]
        squared.append(error.square().mean(dim=(1, 2)))
        absolute.append(error.abs().mean(dim=(1, 2)))
    return torch.cat(squared).double(), torch.cat(absolute).double()


def report(name, horizon, seed, errors, *, batch=128, seconds=0.0, once=0.0, epochs=0, size=0):
    squared, absolute = errors
    whole = len(squared) // batch * batch
    print(
        f"{name:16}{horizon:>8}{seed:>6}{size:>10,}"
        f"{squared.mean():>9.4f}{absolute.mean():>9.4f}"
        f"{squared[:whole].mean():>11.4f}{absolute[:whole].mean():>9.4f}"
        f"{epochs:>7}{seconds:>11.1f}{once:>11.1f}",
        flush=True,
    )


def entropy_model(arguments):
    path, steps = arguments.entropy, arguments.entropy_steps
    if path:
        return tk.load_checkpoint(path, **{"architecture": "entrope-entropy", "heads": 4})
    sizes = {"protocol": arguments.protocol, "length": arguments.lookback}
    task = EntropyPretraining(data=arguments.data, **sizes)
    model = tk.create("entrope-entropy", **task.model_options())
    folder = str(arguments.output / "entropy")
    config = pretraining_config(folder, **({"steps": steps} if steps else {}))
    found = tk.fit(task, model, config).metrics
    print(f"entropy model: validation {found['validation']['loss']:.3f} nats", flush=True)
    return model


def make(name, task, value_range, seed):
    """Make a model with the task's sizes; the range is the entropy model's own where it has one."""
    torch.manual_seed(seed)
    options = task.model_options()
    kept = {key: options[key] for key in ("channels", "length", "horizon")}
    if name.startswith("entrope"):
        low, high = value_range or (options["low"], options["high"])
        kept |= {"low": low, "high": high, "tokenises_affine": False}
    return tk.create(name, **kept)


def run_one(name, task, arguments, *, seed):
    recipe = RECIPES[name]
    folder = arguments.output / f"{name}-{task.horizon}-{seed}"
    model = make(name, task, arguments.range, seed)
    config = tk.FitConfig(
        output=str(folder),
        epochs=arguments.epochs or recipe.epochs,
        patience=recipe.patience,
        batch_size=recipe.batch,
        drop_last=True,
        learning_rate=recipe.rate,
        schedule="one-cycle",
        warmup=0.3,
        weight_decay=0.0,
        clip=0.0,
        seed=seed,
        device=arguments.device,
    )
    began, parts = cpu_seconds(), task.datasets(config)
    learning = WindowTask(task.length, task.horizon, entropy=task.entropy_model)  # no test in it
    learning.hold(parts.train.series, parts.validation)
    for part in (learning.datasets(config).train, parts.validation):
        learning.prepare(model, part)
    ready = cpu_seconds()
    fitted = tk.fit(learning, model, config)
    done = fitted.record["steps"] // (len(learning.datasets(config).train) // recipe.batch)
    seconds, once = (cpu_seconds() - ready) / done, ready - began
    size = sum(p.numel() for p in model.parameters() if p.requires_grad)
    errors = measure(learning, fitted.model, parts.test, recipe.batch)
    costs = {"seconds": seconds, "once": once, "epochs": done, "size": size}
    report(name, task.horizon, seed, errors, batch=recipe.batch, **costs)
    return seconds, torch.stack([part.mean() for part in errors])


def summarise(found):
    """Print mean and deviation over seeds of what the papers report, for each model and horizon."""
    for name, horizon in dict.fromkeys((name, horizon) for name, horizon, _ in found):
        runs = torch.stack([e for (n, h, _), e in found.items() if (n, h) == (name, horizon)])
        if len(runs) > 1:
            (mse, mae), (mse_off, mae_off) = runs.mean(dim=0).tolist(), runs.std(dim=0).tolist()
            print(f"{name} {horizon}, {len(runs)} seeds: MSE {mse:.4f} ± {mse_off:.4f}, "
                  f"MAE {mae:.4f} ± {mae_off:.4f}")  # fmt: skip


def compare(seconds):
    """Print how many of PatchTST's epochs one of EntroPE's takes, for each horizon and seed."""
    for (name, horizon, seed), mine in seconds.items():
        for other in ("patchtst-small", "patchtst"):
            theirs = seconds.get((other, horizon, seed))
            if name.startswith("entrope") and theirs:
                print(f"{name} {horizon} seed {seed}: {mine / theirs:.2f} epochs of {other}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data")
    parser.add_argument("--protocol", default="ett-hour")
    parser.add_argument("--horizons", type=int, nargs="+", default=[96, 192, 336, 720])
    parser.add_argument("--lookback", type=int, default=96)
    parser.add_argument("--models", nargs="+", default=USUAL, choices=list(RECIPES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=0, help="0: those of each recipe")
    parser.add_argument("--entropy", default="", help="trained entropy model")
    parser.add_argument("--entropy-steps", type=int, default=0, help="0: the whole recipe")
    parser.add_argument("--range", type=float, nargs=2, help="of EntroPE's bins")
    parser.add_argument("--season", type=int, default=24)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--output", type=Path, required=True, help="folder for runs")
    arguments = parser.parse_args()
    needs = any(name.startswith("entrope") for name in arguments.models)
    entropy = None
    if needs:
        entropy = entropy_model(arguments)
        assert isinstance(entropy, EntropyModel)
    widths = {"horizon": 8, "seed": 6, "weights": 10, "MSE": 9, "MAE": 9, "MSE drop": 11}
    widths |= {"MAE drop": 9, "epochs": 7, "CPU s/ep.": 11, "CPU s once": 11}
    print(f"{'model':16}" + "".join(name.rjust(n) for name, n in widths.items()), flush=True)
    seconds, found = {}, {}  # an epoch's; MSE and MAE: by model, horizon and seed
    for horizon in arguments.horizons:
        sizes = {"length": arguments.lookback, "horizon": horizon}
        task = Forecasting(data=arguments.data, protocol=arguments.protocol, **sizes)
        task.entropy_model = entropy
        naive = SeasonalNaive(season=arguments.season, horizon=horizon)
        test = task.datasets(tk.FitConfig(output="none")).test
        report("seasonal-naive", horizon, 0, measure(task, naive, test))
        for seed in arguments.seeds:
            for name in arguments.models:
                key = name, horizon, seed
                seconds[key], found[key] = run_one(name, task, arguments, seed=seed)
    summarise(found)
    compare(seconds)


if __name__ == "__main__":
    main()
