"""string_grouper as documented: one text per row, default threshold, best match per left row."""

from string_grouper import match_strings
from tables import paths, read_pair, sentences, write_pairs


def main() -> None:
    left_path, right_path, out = paths()
    left, right = read_pair(left_path, right_path)
    a, b = sentences(left).reset_index(), sentences(right).reset_index()
    found = match_strings(a.iloc[:, 1], b.iloc[:, 1], a.iloc[:, 0], b.iloc[:, 0])
    left_id, right_id = f"left_{a.columns[0]}", f"right_{b.columns[0]}"
    ranked = found.sort_values("similarity", ascending=False, kind="stable")
    first = ranked.drop_duplicates(left_id)
    pairs = first.rename(columns={left_id: "left_id", right_id: "right_id"})
    write_pairs(pairs[["left_id", "right_id"]], out)


if __name__ == "__main__":
    main()
