import json

import numpy as np
import polars as pl
import pytest
from registers import registers

from tk.errors import InputError
from tk_link import pipeline
from tk_link.config import LinkConfig
from tk_link.explain import explain, explain_pair
from tk_link.frames import from_frame


@pytest.fixture(scope="module")
def tables():
    made = registers(80, 20, 20, seed=14)
    return from_frame(made.left, "left"), from_frame(made.right, "right")


@pytest.fixture(scope="module")
def run(tables):
    return pipeline.run_closely(*tables, LinkConfig(all_pairs=True))


def columns(run, form):
    return explain(run.features, run.scores, run.guard, np.arange(len(run.pairs)), form,
                   bound=run.bound)  # fmt: skip


def test_nothing_is_said_unless_asked(run):
    assert columns(run, "none") == []


def test_bits_and_prior_add_up_to_the_score(run):
    (lines,) = columns(run, "json")
    for line, log_odds in zip(lines, run.scores.log_odds, strict=True):
        why = json.loads(line)
        total = why["prior_bits"] + sum(b for b in why["bits"].values() if b is not None)
        assert total == pytest.approx(log_odds / np.log(2), abs=0.01)


def test_one_column_a_feature_and_missing_stays_missing(run):
    found = pl.DataFrame(columns(run, "columns"))
    assert found.columns == [f"why_{name}" for name in run.features.names]
    for name, values in zip(run.features.names, run.features.values.T, strict=True):
        assert found[f"why_{name}"].is_null().to_list() == np.isnan(values).tolist()


def test_text_names_the_strongest_evidence_first_and_what_is_missing(run):
    (lines,) = columns(run, "text")
    missing = np.isnan(run.features.values).any(axis=1)
    assert lines.str.contains("missing: ").to_list() == missing.tolist()
    best = int(np.argmax(run.scores.log_odds))
    bits = [abs(float(part.rsplit(" ", 1)[1])) for part in lines[best].split("; ")[:-1]]
    assert bits == sorted(bits, reverse=True)


def test_one_pair_is_explained_with_its_runner_up(run, tables):
    best = int(np.argmax(run.scores.log_odds))
    left, right = int(run.pairs.left[best]), int(run.pairs.right[best])
    found = explain_pair(
        run.pairs,
        run.features,
        run.scores,
        run.guard,
        left=(tables[0], left),
        right=(tables[1], right),
    )
    known = sum(bits for bits in found.evidence.values() if bits is not None)
    assert found.prior + known == pytest.approx(found.score)
    assert found.probability == run.scores.probability[best]
    assert found.runner_up is not None
    assert found.runner_up[0] != right
    assert found.runner_up[1] <= found.probability


@pytest.mark.parametrize(("row", "message"), [(100, "has rows 0 to 99"), (-1, "no row -1")])
def test_a_row_that_is_not_there_is_said(run, tables, row, message):
    with pytest.raises(InputError, match=message):
        explain_pair(
            run.pairs,
            run.features,
            run.scores,
            run.guard,
            left=(tables[0], row),
            right=(tables[1], 0),
        )


def test_a_pair_that_was_never_compared_is_said(run, tables):
    candidates = set(zip(run.pairs.left.tolist(), run.pairs.right.tolist(), strict=True))
    left, right = next((a, b) for a in range(100) for b in range(100) if (a, b) not in candidates)
    with pytest.raises(InputError, match="never compared"):
        explain_pair(
            run.pairs,
            run.features,
            run.scores,
            run.guard,
            left=(tables[0], left),
            right=(tables[1], right),
        )
