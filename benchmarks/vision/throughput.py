"""How fast backbones classify, and in how much memory, beside a peer or a yardstick.

    python benchmarks/vision/throughput.py --threads 2
    python benchmarks/vision/throughput.py --models poolformer-s12 vit-s-16 --sizes 224 320 448

Each model runs beside transformers' own implementation with the same weights where there is one
(PoolFormer, ViT), else beside a plain ViT of about as many multiply-adds. Both take turns in one
process on the same pictures, and the fastest of their rounds count: the ratio is what to quote.
Memory is what one batch takes at its peak, over the loaded model, in a fresh process (Linux).
"""

import argparse
import json
import multiprocessing
import time
from pathlib import Path

import torch
from peers import transformers_poolformer, transformers_vit, yardstick
from torch.utils.flop_counter import FlopCounterMode

import tk

DEFAULT = (
    "vit-s-16",
    "poolformer-s12",
    "tnt-s",
    "crossvit-small",
    "cswin-t",
    "crossformer-t",
    "resformer-s",
    "adventurer-tiny",
    "twins-svt-s",
    "polyvit-s-16",
    "polytwins-svt-s",
)

HEAD = (
    f"{'model':18}{'size':>5}{'GMACs':>8}{'img/s':>8}  {'peer':13}{'img/s':>8}{'ratio':>7}"
    f"{'MiB':>8}{'peer':>8}  apart"
)


def line(row):
    apart = "" if row["apart"] is None else f"{row['apart']:.1e}"
    return (
        f"{row['model']:18}{row['size']:5}{row['gmacs']:8.2f}{row['images_per_s']:8.1f}  "
        f"{row['peer']:13}{row['peer_images_per_s']:8.1f}{row['ratio']:7.2f}"
        f"{row['mib']:8.0f}{row['peer_mib']:8.0f}  {apart}"
    )


def count_flops(model, size):
    """Return multiply-adds of one picture, counted without computing."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.eval()(torch.zeros(1, 3, size, size, device=next(model.parameters()).device))
    return counter.get_total_flops() / 2


def make(name, size):
    torch.manual_seed(0)
    try:
        return tk.create(name, image=size).eval()
    except (TypeError, tk.UsageError):
        return tk.create(name).eval()


def make_peer(name, model, size):
    """Return the other side, its name, and how far its answers are from ours."""
    kinds = {"vit-": transformers_vit, "poolformer-": transformers_poolformer}
    for start, kind in kinds.items():
        if name.startswith(start):
            return kind(model).eval(), "transformers"
    with torch.device("meta"):
        flops = count_flops(make(name, size), size)
    return yardstick(flops, size, count_flops).eval(), "ViT alike"


def seconds(model, images):
    began = time.perf_counter()
    with torch.inference_mode():
        model(images)
    return time.perf_counter() - began


def memory(name, size, batch, is_peer):
    """Return MiB that one batch takes, in a fresh process."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_memory, (name, size, batch, is_peer))


def _memory(name, size, batch, is_peer):
    torch.set_num_threads(1)
    model = make(name, size)
    if is_peer:
        model, _ = make_peer(name, model, size)
    images = torch.rand(batch, 3, size, size)
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of loading
    seconds(model, images)
    return _resident("VmHWM") - before


def _resident(field):
    """Return a field of this process' status in MiB."""
    text = Path("/proc/self/status").read_text()
    return int(text.partition(f"{field}:")[2].split()[0]) / 1024


def measure(name, size, arguments):
    model = make(name, size)
    peer, kind = make_peer(name, model, size)
    images = torch.rand(arguments.batch, 3, size, size)
    with torch.inference_mode():
        same = kind == "transformers"
        apart = (model(images) - peer(images)).abs().max().item() if same else None
    rounds = [(seconds(model, images), seconds(peer, images)) for _ in range(arguments.rounds)]
    ours, theirs = map(min, zip(*rounds, strict=True))
    taken = [memory(name, size, arguments.batch, is_peer) for is_peer in (False, True)]
    with torch.device("meta"):
        flops = count_flops(make(name, size), size)
    return {
        "model": name,
        "size": size,
        "gmacs": flops / 1e9,
        "images_per_s": arguments.batch / ours,
        "peer": kind,
        "peer_images_per_s": arguments.batch / theirs,
        "ratio": theirs / ours,
        "mib": taken[0],
        "peer_mib": taken[1],
        "apart": apart,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", nargs="+", default=DEFAULT)
    parser.add_argument("--sizes", nargs="+", type=int, default=[224])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", help="JSON lines too")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(HEAD, flush=True)
    for name in arguments.models:
        for size in arguments.sizes:
            row = measure(name, size, arguments)
            print(line(row), flush=True)
            if arguments.output:
                with open(arguments.output, "a") as file:
                    file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
