"""Measure the index backends on vectors of texts: build, search, and what approximate ones miss.

    python benchmarks/linkage/indexes.py --texts FILE… [--rows 10000 50000 100000] [--k 10]

The vectors are MiniLM's of the files' rows (`gen_people.py` makes as many as wanted), the first
column left out; as many queries as rows, other rows of the same files. Recall is against the first
backend, which compares all. The limits in `tk_link/dense/indexes/sizes.py` follow from it.
"""

import argparse
import time
from pathlib import Path

import faiss
import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from tk_link.dense import open_backend, open_encoder

BACKENDS = ("faiss-flat", "torch", "faiss-hnsw", "faiss-ivf", "faiss-ivfpq")


def vectors_of(paths: list[Path], rows: int) -> NDArray[np.float32]:
    texts = []
    for path in paths:
        frame = pl.read_csv(path, infer_schema=False)
        joined = pl.concat_str(frame.columns[1:], separator=" ", ignore_nulls=True)
        texts.append(frame.select(joined).to_series())
    distinct = pl.concat(texts).drop_nulls().unique(maintain_order=True).head(rows)
    return open_encoder().encode(distinct.to_list())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=Path, nargs="+", required=True)
    parser.add_argument("--rows", type=int, nargs="+", default=[5_000, 10_000])
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--backends", nargs="+", default=BACKENDS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    faiss.omp_set_num_threads(options.threads)
    vectors = vectors_of(options.texts, 2 * max(options.rows))
    print(f"{'rows':>8} {'backend':12} {'build_s':>8} {'search_s':>8} {'cpu_s':>8} {'recall':>7}")
    for rows in options.rows:
        kept, queries = vectors[0 : 2 * rows : 2], vectors[1 : 2 * rows : 2]
        exact = None
        for name in options.backends:
            start, cpu = time.perf_counter(), time.process_time()
            index = open_backend(name).build(kept, metric="cosine")
            built = time.perf_counter()
            _, found = index.search(queries, options.k)
            done, cpu = time.perf_counter(), time.process_time() - cpu
            exact = found if exact is None else exact
            both = (found[:, :, None] == exact[:, None, :]).any(axis=1)
            print(
                f"{len(kept):8} {name:12} {built - start:8.2f} {done - built:8.2f} {cpu:8.2f} "
                f"{both.mean():7.4f}"
            )


if __name__ == "__main__":
    main()
