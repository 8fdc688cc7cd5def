"""The plain baseline: TF-IDF over character 3-grams of the whole row, mutual best pairs.

    tfidf.py left.csv right.csv out.csv [--any]

Pairs need a cosine of at least 0.5, or with `--any` none: right where every row has a match,
wrong where few have.
"""

import sys

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from tables import paths, read_pair, sentences, write_pairs

CUT = 0.5
CHUNK = 1000  # rows of the left table at a time: the product stays small


def best(a: csr_matrix, b: csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each row of `a`, the most similar row of `b` and the cosine."""
    columns, scores = [], []
    for start in range(0, a.shape[0], CHUNK):
        product = (a[start : start + CHUNK] @ b.T).tocsr()
        columns.append(np.asarray(product.argmax(axis=1)).ravel())
        scores.append(product.max(axis=1).toarray().ravel())
    return np.concatenate(columns), np.concatenate(scores)


def main() -> None:
    left_path, right_path, out = paths()
    left, right = read_pair(left_path, right_path)
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), sublinear_tf=True)
    texts = pd.concat([sentences(left), sentences(right)])
    matrix = vectors.fit_transform(texts).tocsr()
    a, b = matrix[: len(left)], matrix[len(left) :]
    to_right, score = best(a, b)
    to_left, _ = best(b, a)
    cut = 0.0 if "--any" in sys.argv else CUT
    mutual = (to_left[to_right] == np.arange(len(left))) & (score >= cut)
    pairs = {"left_id": left.index[mutual], "right_id": right.index[to_right[mutual]]}
    write_pairs(pd.DataFrame(pairs), out)


if __name__ == "__main__":
    main()
