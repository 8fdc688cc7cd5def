"""Patches: where they open, how long they are."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tk import UsageError
from tk_timeseries.entrope.entropy import EntropyModel
from tk_timeseries.entrope.patching import Boundaries, ids_of, patch_lengths

RULES = ("quantile", "rise", "absolute", "static")


@given(
    rule=st.sampled_from(RULES),
    most=st.integers(1, 12),
    length=st.integers(2, 40),
    seed=st.integers(0, 99),
)
def test_every_row_is_covered_once_by_patches_no_longer_than_allowed(rule, most, length, seed):
    entropies = torch.rand(5, length, generator=torch.Generator().manual_seed(seed))
    boundaries = Boundaries(rule, quantile=0.7, threshold=0.5, max_length=most)
    patches = boundaries.patch_ids(entropies)
    lengths = patch_lengths(patches)
    assert lengths.sum(1).tolist() == [length + 1] * 5
    assert lengths.max() <= most
    assert torch.equal(ids_of(lengths), patches)


def test_a_patch_opens_right_after_a_surprise():
    entropies = torch.tensor([[0.0, 0.0, 1.0, 0.0, 0.0, 0.0]])
    patches = Boundaries("quantile", 0.9).patch_ids(entropies)
    assert patches.tolist() == [[0, 0, 0, 1, 1, 1, 1]]


def test_of_equal_entropies_none_opens_a_patch():
    assert Boundaries("quantile", 0.5).patch_ids(torch.ones(1, 6)).tolist() == [[0] * 7]


def test_by_the_rise_rule_the_first_value_stands_alone():
    entropies = torch.tensor([[0.0, 0.1, 0.9, 1.0, 1.1]])
    patches = Boundaries("rise", 0.9).patch_ids(entropies)
    assert patch_lengths(patches).tolist() == [[1, 2, 3]]


def test_the_papers_rule_needs_a_high_and_rising_entropy():
    entropies = torch.tensor([[0.9, 0.9, 0.1, 0.3, 0.9, 0.8]])
    patches = Boundaries("absolute", threshold=0.5, increase=0.2).patch_ids(entropies)
    assert patch_lengths(patches).tolist() == [[5, 2]]


def test_static_patches_are_equal():
    patches = Boundaries("static", max_length=8).patch_ids(torch.rand(2, 24))
    assert patch_lengths(patches).tolist() == [[8, 8, 8, 1]] * 2


@pytest.mark.parametrize("wrong", [{"max_length": 0}, {"quantile": 1.5}, {"rule": "often"}])
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(UsageError, match="|".join(map(str, wrong.values()))):
        Boundaries(**wrong)


def test_a_uniform_predictors_entropy_is_the_logarithm_of_its_vocabulary():
    net = EntropyModel(heads=4, vocabulary=50, length=10)
    torch.nn.init.zeros_(net.ln_f.weight)
    found = net.entropies(torch.zeros(1, 10, dtype=torch.long))
    assert torch.allclose(found, torch.full((1, 10), math.log(50)))
