"""Write scikit-learn's digits as class folders: 1,797 real scans of 8 × 8 cells, ten classes.

    python examples/digits/make.py digits

Every third scan goes to ``test``, the others to ``train``.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

_MOST = 16
"""The scans' highest value."""


def write(folder: Path) -> int:
    """Write a PNG for every scan; return how many."""
    data = load_digits()
    for number, (scan, digit) in enumerate(zip(data.images, data.target, strict=True)):
        place = folder / ("test" if number % 3 == 2 else "train") / str(digit)
        place.mkdir(parents=True, exist_ok=True)
        cells = np.rint(scan * (255 / _MOST)).astype(np.uint8)
        Image.fromarray(cells).save(place / f"{number:04}.png")
    return len(data.images)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where to")
    count = write(parser.parse_args().folder)
    print(f"{count} scans written")
