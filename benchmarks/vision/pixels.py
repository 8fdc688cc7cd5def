"""What a pixel costs: processor seconds and memory as tokens grow, Adventurer-tiny and its mixer.

    python benchmarks/vision/pixels.py
    python benchmarks/vision/pixels.py --sides 56 112 224 --peer 3136

The first table passes one image through `adventurer-tiny-pixel` (12 blocks, 256 channels), where
every pixel is a token, and through a plain ViT of 192 channels up to ``--attention`` tokens.
The second passes one sequence through one Mamba-2 layer: ours, and transformers' Mamba2Mixer
with the same weights up to ``--peer`` tokens, and shows the largest difference between them. One
thread, CPU seconds; each row is a process of its own, whose memory is its peak over what the
model and the input take.
"""

import argparse
import multiprocessing
import resource
from functools import partial

import torch
from transformers import Mamba2Config
from transformers.models.mamba2.modeling_mamba2 import Mamba2Mixer

import tk
from tk_vision.mamba2 import Mamba2

GIGA = 1e6  # of kilobytes


def measured(make):
    """Call what ``make()`` returns in a process of its own; return seconds, GB and its result."""
    ours, theirs = multiprocessing.get_context("fork").Pipe()

    def work():
        with torch.no_grad():
            call = make()
            before = resource.getrusage(resource.RUSAGE_SELF)
            result = call()
            after = resource.getrusage(resource.RUSAGE_SELF)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        theirs.send((seconds, (after.ru_maxrss - before.ru_maxrss) / GIGA, result.numpy()))

    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    while not ours.poll(1):
        if not process.is_alive():
            raise SystemExit("a measurement died; was there memory enough?")
    found = ours.recv()
    process.join()
    return found


def forward(name, side, **options):
    def make():
        torch.manual_seed(0)
        model, image = tk.create(name, image=side, **options).eval(), torch.randn(1, 3, side, side)
        return lambda: model(image)

    return make


def layers():
    """Return one layer of Adventurer-tiny, ours and transformers', with the same weights."""
    torch.manual_seed(0)
    ours = Mamba2(256)
    config = Mamba2Config(
        hidden_size=256,
        expand=2,
        state_size=64,
        num_heads=8,
        head_dim=64,
        n_groups=1,
        chunk_size=64,
    )
    theirs = Mamba2Mixer(config, layer_idx=0)
    theirs.load_state_dict(ours.state_dict())
    return ours.eval(), theirs.eval()


def print_models(arguments):
    print(f"{'model':28}{'tokens':>9}{'CPU s':>9}{'µs/token':>10}{'GB':>7}")
    rows = [("adventurer-tiny-pixel", side, {}) for side in arguments.sides]
    rows += [("vit-ti-16", s, {"patch": 1}) for s in arguments.sides if s**2 <= arguments.attention]
    for name, side, options in rows:
        seconds, memory, _ = measured(forward(name, side, **options))
        each = 1e6 * seconds / side**2
        print(f"{name:28}{side**2:>9,}{seconds:>9.1f}{each:>10.0f}{memory:>7.2f}", flush=True)


def print_layers(arguments):
    print(f"\n{'layer':28}{'tokens':>9}{'CPU s':>9}{'µs/token':>10}{'GB':>7}  difference")
    ours, theirs = layers()
    for side in arguments.sides:
        tokens = torch.randn(1, side**2, 256, generator=torch.Generator().manual_seed(0))
        found = {}
        for name, layer in (("ours", ours), ("transformers", theirs)):
            if name == "transformers" and side**2 > arguments.peer:
                continue
            made = partial(partial, layer, tokens)
            seconds, memory, found[name] = measured(made)
            each = 1e6 * seconds / side**2
            line = f"{name:28}{side**2:>9,}{seconds:>9.2f}{each:>10.1f}{memory:>7.2f}"
            far = abs(found["ours"] - found[name]).max() / abs(found["ours"]).max()
            print(line + (f"{far:>12.0e}" if name == "transformers" else ""), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sides", type=int, nargs="+", default=[28, 56, 112, 224])
    parser.add_argument("--attention", type=int, default=3136, help="tokens up to which ViT runs")
    parser.add_argument("--peer", type=int, default=3136, help="tokens up to which the peer runs")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print_models(arguments)
    print_layers(arguments)


if __name__ == "__main__":
    main()
