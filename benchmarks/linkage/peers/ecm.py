"""recordlinkage's unsupervised recipe: index, compare each column, ECM classifier."""

import pandas as pd
import recordlinkage
from columns import block_pairs, kinds
from tables import paths, read_pair, write_pairs

FULL = 3_000_000  # pairs that a full index may have: beyond, comparing takes minutes and gigabytes
MIN_KEYS = 0.2  # share of distinct values that makes a column worth indexing by


def candidates(left: pd.DataFrame, right: pd.DataFrame, names: list[str]) -> pd.MultiIndex:
    """Return all pairs, or the union over columns of blocks and sorted neighbourhoods."""
    indexer = recordlinkage.Index()
    if len(left) * len(right) <= FULL:
        indexer.full()
        return indexer.index(left, right)
    # A block on a repetitive column (year) would swamp the matches, and ECM then finds others.
    selective = [n for n in names if left[n].nunique() > MIN_KEYS * left[n].count()]
    for name in selective or names:
        indexer.sortedneighbourhood(name, window=5)
        if block_pairs(left[name].fillna(""), right[name].fillna("")) <= FULL:
            indexer.block(name)
    return indexer.index(left, right)


def main() -> None:
    left_path, right_path, out = paths()
    left, right = (t.replace("", None) for t in read_pair(left_path, right_path))
    known = kinds(left.fillna(""), right.fillna(""))
    pairs = candidates(left, right, list(known))
    compare = recordlinkage.Compare()
    for name, kind in known.items():
        if kind in {"date", "category"}:
            compare.exact(name, name, label=name)
        else:
            compare.string(name, name, method="jarowinkler", threshold=0.85, label=name)
    features = compare.compute(pairs, left, right)
    classifier = recordlinkage.ECMClassifier(binarize=0.5)
    classifier.fit(features)
    probabilities = classifier.prob(features)
    accepted = probabilities[probabilities >= 0.5]
    found = pd.DataFrame(
        {
            "left_id": accepted.index.get_level_values(0),
            "right_id": accepted.index.get_level_values(1),
            "match_probability": accepted.to_numpy(),
        }
    )
    write_pairs(found, out)


if __name__ == "__main__":
    main()
