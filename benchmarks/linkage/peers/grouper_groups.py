"""string_grouper as documented: one text per row, groups of similar texts at its default threshold.

    grouper_groups.py table.csv out.csv

Each row is written as a pair with its group's representative; what these connect are the groups.
"""

import sys
from pathlib import Path

import pandas as pd
from string_grouper import group_similar_strings
from tables import read_one, sentences, write_pairs


def main() -> None:
    path, out = map(Path, sys.argv[1:3])
    texts = sentences(read_one(path)).rename_axis("id").reset_index(name="text")
    groups = group_similar_strings(texts["text"], texts["id"])
    pairs = pd.DataFrame({"left_id": groups["group_rep_id"], "right_id": texts["id"]})
    write_pairs(pairs[pairs["left_id"] != pairs["right_id"]], out)


if __name__ == "__main__":
    main()
