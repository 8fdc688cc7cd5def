"""What adapters reach of full fine-tuning, and linear probes, on real images that a package ships.

    python benchmarks/vision/adaptation.py --seeds 3

The images are scikit-learn's 1797 handwritten digits of 8 x 8 pixels. A small ViT learns to tell
0 to 4 and how each is turned; then it is adapted to 5 to 9 in five ways, with as many steps and the
same choice of learning rates, of which validation decides. Half of the images are for testing.
"""

import argparse
import copy
import time

import torch
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

from tk_vision.adapted import Adapted, attach
from tk_vision.adapters import Tuning
from tk_vision.vit import ViT

RATES = (1e-3, 5e-3, 2e-2)
WAYS = ("full fine-tuning", "linear probe", "adaptformer r=4", "adaptformer r=16", "prompts 4")


def digits(chosen, generator):
    """Return images and labels of training, validation and testing."""
    found = load_digits()
    images = torch.tensor(found.images, dtype=torch.float32)[:, None] / 8 - 1
    labels = torch.tensor(found.target)
    keep = torch.isin(labels, torch.tensor(chosen))
    images, labels = images[keep], labels[keep] - min(chosen)
    order = torch.randperm(len(labels), generator=generator)
    a, b = len(order) // 3, len(order) // 2
    return [(images[part], labels[part]) for part in (order[:a], order[a:b], order[b:])]


def turned(part):
    """Return each image four times, a quarter further each, as classes of their own."""
    images, labels = part
    quarters = [images.rot90(quarter, (2, 3)) for quarter in range(4)]
    return torch.cat(quarters), torch.cat([labels * 4 + quarter for quarter in range(4)])


def train(model, data, *, rate, steps, generator, batch=64):
    """Take AdamW steps down a cosine over the parameters that learn."""
    images, labels = data
    learning = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    model.train()
    for _ in range(steps):
        chosen = torch.randint(len(labels), (batch,), generator=generator)
        loss = cross_entropy(model(images[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def accuracy(model, data):
    images, labels = data
    return float((model(images).argmax(1) == labels).double().mean())


def prepare(way, model):
    """Return the model with what learns in that way, and a fresh head."""
    if way.startswith("adaptformer"):
        width = int(way.rpartition("=")[2])
        return attach(model, Tuning(bottleneck=width, adapter_scale=1.0), num_classes=5)
    if way.startswith("prompts"):
        return attach(model, Tuning(bottleneck=0, prompts=4), num_classes=5)
    model.requires_grad_(way.startswith("full"))
    model.head = torch.nn.Linear(model.head.in_features, 5)
    return model


def share(model):
    if isinstance(model, Adapted):
        return model.share
    weights = list(model.parameters())
    return sum(p.numel() for p in weights if p.requires_grad) / sum(p.numel() for p in weights)


def run(seed, steps):
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    base = ViT(dim=64, depth=4, heads=4, image=8, patch=2, channels=1, pool="mean", num_classes=20)
    first = [turned(part) for part in digits([0, 1, 2, 3, 4], generator)]
    train(base, first[0], rate=3e-3, steps=6 * steps, generator=generator)
    rows = {"before, turned 0-4": (accuracy(base, first[2]), 1.0)}
    training, validation, testing = digits([5, 6, 7, 8, 9], generator)
    for way in WAYS:
        tried = []
        for rate in RATES:
            model = prepare(way, copy.deepcopy(base))
            drawn = torch.Generator().manual_seed(seed)
            train(model, training, rate=rate, steps=steps, generator=drawn)
            tried.append((accuracy(model, validation), accuracy(model, testing), share(model)))
        rows[way] = max(tried)[1:]
    return rows


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3, help="runs (default: 3)")
    parser.add_argument("--steps", type=int, default=200, help="of each training (default: 200)")
    options = parser.parse_args()
    began = time.process_time()
    runs = [run(seed, options.steps) for seed in range(options.seeds)]
    print(f"{'way':20}{'learns':>8}{'accuracy':>10}  of each seed")
    for way in runs[0]:
        found = [each[way][0] for each in runs]
        each = " ".join(f"{value:.3f}" for value in found)
        print(f"{way:20}{runs[0][way][1]:8.2%}{sum(found) / len(found):10.3f}  {each}")
    print(f"{time.process_time() - began:.0f} s of processor time")


if __name__ == "__main__":
    main()
