"""The long-horizon protocol: look-back 96, all models in one run, nothing of the test set dropped.

    python benchmarks/timeseries/long_horizon.py ETTh1.csv --horizons 96 --seeds 0 \
        --epochs 3 --entropy etth1.pt --output scratch

prints for every model MSE and MAE over all test windows and, as the papers have it, without the
last partial batch; and the CPU seconds of an epoch with its validation, because wall time means
nothing on a shared machine. Tokens and entropies of EntroPE's windows are made once a run, before
the first epoch: "CPU s once". EntroPE needs its entropy model: ``--entropy`` names a published or
trained one, otherwise it is trained first on the training part. ``--epochs`` shortens the recipes;
the schedule is always whole. ``ETTh1``, ``ETTh2``, … in place of a file fetch the data set, and
``--horizons 96 192 336 720 --seeds 0 1 2 3 4`` is the whole protocol; several seeds end with their
means and deviations. The last lines compare EntroPE's epoch with PatchTST's.
"""

import argparse
import resource
from pathlib import Path

import torch

import tk
from tk.training.batches import batches
from tk_timeseries.entrope.entropy import EntropyModel
from tk_timeseries.entrope.pretraining import pretraining_config
from tk_timeseries.seasonal import SeasonalNaive
from tk_timeseries.task import EntropyPretraining, Forecasting, WindowTask

BATCH = 128
RECIPES = {  # model -> highest rate, epochs; EntroPE's is the published ETTh1 script's
    "dlinear": (5e-3, 10),
    "tsmixer-ci": (1e-3, 10),
    "patchtst-small": (1e-3, 10),
    "patchtst": (1e-4, 10),
    "entrope-etth1": (1e-2, 10),
}


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(task, model, test):
    """Return mean squared and absolute error of each test window, ``(N,)`` each."""
    squared, absolute = [], []
    for batch in batches(model, test, batch_size=BATCH):
        error = task.predict(model, batch, test) - batch["future"]
        squared.append(error.square().mean(dim=(1, 2)))
        absolute.append(error.abs().mean(dim=(1, 2)))
    return torch.cat(squared).double(), torch.cat(absolute).double()


def report(name, horizon, seed, errors, *, seconds=0.0, once=0.0, size=0):
    squared, absolute = errors
    whole = len(squared) // BATCH * BATCH
    print(
        f"{name:16}{horizon:>8}{seed:>6}{size:>10,}"
        f"{squared.mean():>9.4f}{absolute.mean():>9.4f}"
        f"{squared[:whole].mean():>11.4f}{absolute[:whole].mean():>9.4f}"
        f"{seconds:>11.1f}{once:>11.1f}",
        flush=True,
    )


def entropy_model(data, protocol, path, folder, steps):
    if path:
        return tk.load_checkpoint(path, **{"architecture": "entrope-entropy", "heads": 4})
    task = EntropyPretraining(data=data, protocol=protocol)
    model = tk.create("entrope-entropy", **task.model_options())
    config = pretraining_config(str(folder), **({"steps": steps} if steps else {}))
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
    rate, epochs = RECIPES[name]
    folder = arguments.output / f"{name}-{task.horizon}-{seed}"
    model = make(name, task, arguments.range, seed)
    config = tk.FitConfig(
        output=str(folder),
        epochs=arguments.epochs or epochs,
        batch_size=BATCH,
        drop_last=True,
        learning_rate=rate,
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
    seconds, test = (cpu_seconds() - ready) / config.epochs, parts.test
    size = sum(p.numel() for p in model.parameters() if p.requires_grad)
    errors = measure(learning, fitted.model, test)
    report(name, task.horizon, seed, errors, seconds=seconds, once=ready - began, size=size)
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
    parser.add_argument("--models", nargs="+", default=list(RECIPES), choices=list(RECIPES))
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
        folder = arguments.output / "entropy"
        place = (arguments.data, arguments.protocol, arguments.entropy, folder)
        entropy = entropy_model(*place, arguments.entropy_steps)
        assert isinstance(entropy, EntropyModel)
    widths = {"horizon": 8, "seed": 6, "weights": 10, "MSE": 9, "MAE": 9, "MSE drop": 11}
    widths |= {"MAE drop": 9, "CPU s/ep.": 11, "CPU s once": 11}
    print(f"{'model':16}" + "".join(name.rjust(n) for name, n in widths.items()), flush=True)
    seconds, found = {}, {}  # an epoch's; MSE and MAE: by model, horizon and seed
    for horizon in arguments.horizons:
        task = Forecasting(data=arguments.data, horizon=horizon, protocol=arguments.protocol)
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
