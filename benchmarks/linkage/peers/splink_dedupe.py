"""Splink's recipe of `splink_em.py` within one table; the clusters are what its pairs connect.

    splink_dedupe.py table.csv out.csv

The pairs at the threshold are written. Their connected components, which the scoring takes, are
what Splink's `cluster_pairwise_predictions_at_threshold` returns at the same threshold.
"""

import sys
from pathlib import Path

from columns import kinds
from splink import DuckDBAPI, Linker
from splink_em import settings_for, trained
from tables import read_one, write_pairs


def main() -> None:
    path, out = map(Path, sys.argv[1:3])
    table = read_one(path)
    known = kinds(table, table)
    rows = table[list(known)].replace("", None).rename_axis("unique_id").reset_index()
    tables = DuckDBAPI().register(rows, dataset_display_name="rows")
    linker = Linker(tables, settings_for(table, table, known, "dedupe_only"))
    found = trained(linker, table, table, known)
    names = {"unique_id_l": "left_id", "unique_id_r": "right_id"}
    write_pairs(found.rename(columns=names)[[*names.values(), "match_probability"]], out)


if __name__ == "__main__":
    main()
