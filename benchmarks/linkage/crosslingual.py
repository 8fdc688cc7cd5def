"""Write the German-English link sets and measure what letters and meaning retrieve.

    python benchmarks/linkage/crosslingual.py OUTDIR [--model NAME] [--k 10]

`firms-de-en` and `products-de-en` are made from word lists, seeded: the same script writes the same
bytes. No word is shared, so letters find cognates at best. Recall is the share of true pairs among
each left row's `k` nearest and each right row's `k // 2`; `top-1` the share of left rows with a
match whose nearest right row is it; `F1` that of a greedy one-to-one mapping by cosine of as many
pairs as there are matches (so precision equals recall, and no cut is chosen). `hybrid` unites the
candidates of both and maps by the sum of both cosines, each less its mean over its spread.
"""

import argparse
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from made.crosslingual import firms_de_en, products_de_en, shops_de_en
from made.linkset import LinkSet, save
from numpy.typing import NDArray

from tk_link import normalise
from tk_link.dense import dense_neighbours, open_backend, open_encoder, word_overlap
from tk_link.ngrams import vectorise

MAKERS: dict[str, Callable[[random.Random], LinkSet]] = {
    "firms-de-en": lambda rng: firms_de_en(rng, left=800, right=900, rate=0.6),
    "products-de-en": lambda rng: products_de_en(rng, left=800, right=900, rate=0.6),
    "shops-de-en": lambda rng: shops_de_en(rng, left=800, right=900, rate=0.6),
}
Scores = NDArray[np.float32]


def write(out: Path) -> None:
    for name, make in MAKERS.items():
        save(make(random.Random(f"{name} 1")), out / name)


def lexical(left: pl.Series, right: pl.Series) -> Scores:
    vectors = vectorise(normalise.text(left), normalise.text(right))
    return np.asarray((vectors.left @ vectors.right.T).todense(), dtype=np.float32)


def dense(left: pl.Series, right: pl.Series, model: str, k: int) -> Scores:
    view = dense_neighbours(
        left, right, encoder=open_encoder(model), backend=open_backend("faiss-flat"), k=k
    )
    return view.left.vectors[view.left.text] @ view.right.vectors[view.right.text].T


def standard(scores: Scores) -> Scores:
    return np.asarray((scores - scores.mean()) / scores.std())


def proposed(scores: Scores, k: int) -> NDArray[np.bool_]:
    """Mark the pairs among each left row's `k` best and each right row's ``k // 2`` best."""
    marks = np.zeros(scores.shape, dtype=bool)
    np.put_along_axis(marks, (-scores).argsort(axis=1, kind="stable")[:, :k], True, axis=1)
    back = (-scores).argsort(axis=0, kind="stable")[: max(k // 2, 1)]
    np.put_along_axis(marks, back, True, axis=0)
    return marks


def greedy_f1(scores: Scores, gold: NDArray[np.int64]) -> float:
    order = np.argsort(-scores, axis=None, kind="stable")
    used_left, used_right = set(), set()
    true = {tuple(pair) for pair in gold.tolist()}
    hits = taken = 0
    for cell in order.tolist():  # 720,000 cells
        a, b = divmod(cell, scores.shape[1])
        if a in used_left or b in used_right:
            continue
        used_left.add(a)
        used_right.add(b)
        hits += (a, b) in true
        taken += 1
        if taken == len(gold):
            break
    return hits / len(gold)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--k", type=int, default=10)
    options = parser.parse_args()
    write(options.out)
    print(f"{'data':16} {'overlap':>7} {'view':8} {'recall':>7} {'top-1':>7} {'F1':>7}")
    for name in MAKERS:
        folder = options.out / name
        tables = [pl.read_csv(folder / f"{s}.csv", infer_schema=False) for s in ("left", "right")]
        pairs = pl.read_csv(folder / "matches.csv", infer_schema=False).to_numpy()
        gold = np.array([[int(a[1:]), int(b[1:])] for a, b in pairs], dtype=np.int64)
        left, right = (table.to_series(1) for table in tables)
        overlap = word_overlap(left, right)
        letters = lexical(left, right)
        meaning = dense(left, right, options.model, options.k)
        found = [proposed(scores, options.k) for scores in (letters, meaning)]
        for view, scores, candidates in (
            ("lexical", letters, found[0]),
            ("dense", meaning, found[1]),
            ("hybrid", standard(letters) + standard(meaning), found[0] | found[1]),
        ):
            recall = float(candidates[gold[:, 0], gold[:, 1]].mean())
            top = float((scores[gold[:, 0]].argmax(axis=1) == gold[:, 1]).mean())
            print(
                f"{name:16} {overlap:7.2f} {view:8} {recall:7.3f} {top:7.3f} "
                f"{greedy_f1(scores, gold):7.3f}"
            )


if __name__ == "__main__":
    main()
