"""Splink by its documented recipe: blocking rules, prior, u at random, m by EM, threshold 0.5.

    splink_em.py left.csv right.csv out.csv [--one-to-one]

The settings follow from the columns by the same rules for every data set (`splink_settings.py`).
"""

import sys

import pandas as pd
from columns import Kind, kinds
from splink import DuckDBAPI, Linker, SettingsCreator
from splink_settings import (
    deterministic_rules,
    prediction_rules,
    splink_comparison,
    training_rules,
)
from tables import greedy_one_to_one, paths, read_pair, write_pairs

THRESHOLD = 0.5
RECALL = 0.7  # of the deterministic rules, as in Splink's tutorial


def settings_for(
    left: pd.DataFrame, right: pd.DataFrame, known: dict[str, Kind], link_type: str
) -> SettingsCreator:
    """Return the settings that follow from the columns."""
    return SettingsCreator(
        link_type=link_type,
        comparisons=[splink_comparison(name, kind) for name, kind in known.items()],
        blocking_rules_to_generate_predictions=prediction_rules(left, right, known),
        # Splink cannot estimate the prior where no deterministic rule brings a pair: then this
        # guess stays, that half of the smaller table has a match.
        probability_two_random_records_match=0.5 / max(len(left), len(right)),
    )


def linked(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Train on both tables and return the pairs at the threshold."""
    known = kinds(left, right)
    settings = settings_for(left, right, known, "link_only")
    api = DuckDBAPI()
    tables = [
        api.register(
            table[list(known)].replace("", None).rename_axis("unique_id").reset_index(),
            dataset_display_name=side,
        )
        for table, side in ((left, "a_left"), (right, "b_right"))
    ]
    return trained(Linker(tables, settings), left, right, known)


def trained(
    linker: Linker, left: pd.DataFrame, right: pd.DataFrame, known: dict[str, Kind]
) -> pd.DataFrame:
    """Train and return the pairs at the threshold."""
    if certain := deterministic_rules(left, right, known):
        linker.training.estimate_probability_two_random_records_match(certain, recall=RECALL)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in training_rules(left, right, known):
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        except Exception as error:  # one blocking rule without pairs must not end the training
            print(f"EM on {rule}: {error}", file=sys.stderr)
    found = linker.inference.predict(threshold_match_probability=THRESHOLD)
    return found.as_pandas_dataframe()


def main() -> None:
    left_path, right_path, out = paths()
    found = linked(*read_pair(left_path, right_path))
    flipped = found.source_dataset_l == "b_right"
    pairs = pd.DataFrame(
        {
            "left_id": found.unique_id_l.where(~flipped, found.unique_id_r),
            "right_id": found.unique_id_r.where(~flipped, found.unique_id_l),
            "match_probability": found.match_probability,
        }
    )
    if "--one-to-one" in sys.argv:
        pairs = greedy_one_to_one(pairs)
    write_pairs(pairs, out)


if __name__ == "__main__":
    main()
