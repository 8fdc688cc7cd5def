"""Cells of maps become tokens of regions in the published order; all maps make a scale token."""

import pytest
import torch

import tk
from tk.checkpoints.renaming import rename
from tk.testing import assert_parity, parity_cases, wave
from tk_vision.duoformer import DuoFormer
from tk_vision.duoformer.regions import ChannelToken, group_regions, ungroup_regions


def build_token(config, params):
    token = ChannelToken([config[f"c{level}"] for level in range(4)], config["out"])
    full = {name.replace("nConvs", "chann_proj_all.nConvs"): each for name, each in params.items()}
    renamed = rename(full, DuoFormer.renames)
    token.load_state_dict({n.removeprefix("channel_token."): each for n, each in renamed.items()})
    return token


def run_token(model, inputs):
    return {"scale_token": model([inputs[f"f{level}"] for level in range(4)])}


@pytest.mark.parametrize("path", parity_cases("duoformer", only=lambda c: "c0" in c))
def test_the_scale_token_of_all_maps(path):
    assert_parity(path, build_token, run_token)


def group(_model, inputs):
    maps = sorted(inputs, reverse=True)  # f3 first, the coarsest
    return {"tokens": group_regions([inputs[name] for name in maps])}


def has_maps_alone(config):
    return "num_heads" not in config and "c0" not in config


@pytest.mark.parametrize("path", parity_cases("duoformer", only=has_maps_alone))
def test_grouping(path):
    assert_parity(path, lambda config, params: torch.nn.Identity(), group)


def numbered(rows, columns):
    return torch.arange(rows * columns).view(1, 1, rows, columns)


def test_two_by_two_cells_come_by_columns_and_more_by_rows():
    tokens = group_regions([numbered(1, 2), numbered(2, 4), numbered(4, 8)])
    assert tokens[0, 1, 1:5, 0].tolist() == [2, 6, 3, 7]
    assert tokens[0, 1, 5:11, 0].tolist() == [4, 5, 6, 7, 12, 13]


@pytest.mark.parametrize("grid", [(7, 7), (2, 3), (1, 1)])
def test_ungrouping_undoes_grouping(grid):
    maps = [wave(2, 3, grid[0] * 2**level, grid[1] * 2**level) for level in range(4)]
    tokens = group_regions(maps)
    assert tokens.shape == (2, grid[0] * grid[1], 85, 3)
    again = ungroup_regions(tokens, grid)
    assert all(torch.equal(one, other) for one, other in zip(maps, again, strict=True))


def test_maps_that_do_not_double_are_refused():
    with pytest.raises(tk.InputError, match="8 × 8, 15 × 15; each must be twice"):
        group_regions([wave(1, 2, 8, 8), wave(1, 2, 15, 15)])
