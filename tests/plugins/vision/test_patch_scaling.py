"""The sweep over patches: what it builds, what it counts, and the law it fits."""

import math

import pytest
import torch

import tk
from tk.charts import to_svg
from tk_vision.patch_scaling import Point, draw, fit_law, multiply_adds, sweep, table

VIT = {"dim": 8, "depth": 2, "heads": 2, "num_classes": 3}


def points(exponent=0.25, factor=0.8):
    costs = [1, 4, 16, 64]
    return [Point(8, n, 100 * n, 10, 1 - factor * n**-exponent) for n in costs]


def test_sweep_trains_the_same_trunk_at_every_patch():
    seen = []

    def train(model):
        seen.append(model)
        return 0.5 + 0.1 * len(seen)

    found = list(sweep("vit-s-16", train, image=16, patches=[16, 8, 4, 2, 1], **VIT))
    assert [(p.patch, p.tokens) for p in found] == [(16, 1), (8, 4), (4, 16), (2, 64), (1, 256)]
    assert [p.accuracy for p in found] == pytest.approx([0.6, 0.7, 0.8, 0.9, 1.0])
    assert [p.parameters for p in found] == [sum(w.numel() for w in m.parameters()) for m in seen]
    trunks = [dict(model.blocks.state_dict()) for model in seen]
    assert all(t["0.mlp.fc1.weight"].shape == (32, 8) for t in trunks)


def test_a_point_is_known_before_the_next_model_trains():
    count = []
    found = sweep(
        "vit-s-16", lambda model: count.append(model) or 0.5, image=8, patches=[8, 4], **VIT
    )
    assert next(found).patch == 8
    assert len(count) == 1


def test_multiply_adds_of_a_plain_transformer():
    model = tk.create("vit-s-16", image=8, patch=2, channels=1, **VIT)
    tokens, dim = 17, 8
    block = 12 * tokens * dim**2 + 2 * tokens**2 * dim
    assert multiply_adds(model, 8) == 16 * dim * 4 + 2 * block + 3 * dim
    assert model.head.weight.device == torch.device("cpu")


@pytest.mark.parametrize(
    ("name", "least", "most"), [("adventurer-tiny", 15, 17), ("vit-ti-16", 20, 99)]
)
def test_pixels_cost_adventurer_what_their_number_says_and_attention_more(name, least, most):
    coarse, fine = (multiply_adds(tk.create(name, image=64, patch=p, depth=2), 64) for p in (4, 1))
    assert least < fine / coarse < most


def test_law_finds_the_power_that_made_the_points():
    law = fit_law(points(0.25, 0.8))
    assert (law.exponent, law.factor, law.explained) == pytest.approx((0.25, 0.8, 1.0))
    by_flops = fit_law(points(0.25, 0.8), by="flops")
    assert (by_flops.exponent, by_flops.error(400)) == pytest.approx((0.25, 0.8 * 4**-0.25))


def test_law_leaves_out_what_has_no_error_and_needs_two():
    perfect = Point(1, 256, 1, 1, 1.0)
    assert fit_law([*points(), perfect]).points == 4
    with pytest.raises(tk.InputError, match="1 points"):
        fit_law([points()[0], perfect])


def test_law_says_how_little_it_explains():
    bent = [Point(1, n, n, 1, 1 - e) for n, e in [(1, 0.5), (10, 0.1), (100, 0.1), (1000, 0.5)]]
    law = fit_law(bent)
    assert law.explained == pytest.approx(0.0, abs=1e-9)
    assert law.exponent == pytest.approx(0.0, abs=1e-9)


def test_table_and_picture_show_every_point():
    lines = table(points()).splitlines()
    assert len(lines) == 5
    assert lines[1].split() == ["8", "1", "100", "10", "0.2000"]
    chart = draw(points(), fit_law(points()))
    assert chart.marks[1].x == pytest.approx([math.log10(n) for n in (1, 4, 16, 64)])
    assert "error = 0.8 · tokens^-0.25 (explains 100%)" in to_svg(chart)


@pytest.mark.parametrize("patches", [[], [3], [0]])
def test_patches_that_do_not_divide_the_image_are_refused(patches):
    with pytest.raises(tk.UsageError, match="16"):
        sweep("vit-s-16", lambda model: 0.5, image=16, patches=patches)


def test_what_is_no_accuracy_is_refused():
    with pytest.raises(tk.InputError, match="patch 8 is 87"):
        next(sweep("vit-s-16", lambda model: 87, image=8, patches=[8], **VIT))
