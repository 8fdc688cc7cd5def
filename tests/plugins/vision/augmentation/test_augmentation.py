"""Training pictures are changed at random, within bounds, and alike for the same seed."""

import numpy as np
import pytest
import torch
from drawings import drawing

import tk
from tk_vision.augmentation.cropping import perhaps_mirrored, random_box
from tk_vision.augmentation.erasing import perhaps_erased
from tk_vision.augmentation.mixing import Mixing, draw_mix
from tk_vision.augmentation.options import PRESETS, Augmentation, augmentation
from tk_vision.augmentation.pipeline import augmented
from tk_vision.augmentation.randaugment import OPERATIONS, randaugment
from tk_vision.pictures.preprocessing import Preprocessor

IMAGE = drawing("square", 3, side=40)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize(("width", "height"), [(40, 40), (200, 30), (1, 1), (3, 500)])
def test_random_boxes_lie_inside_and_keep_their_share(width, height):
    for _ in range(200):
        left, top, right, bottom = random_box(width, height, least=0.3)
        assert 0 <= left < right <= width + 1e-9
        assert 0 <= top < bottom <= height + 1e-9
        if width == height:
            assert (right - left) * (bottom - top) >= 0.3 * width * height - 1e-6


def test_the_same_seed_gives_the_same_picture_and_another_another():
    settings = Preprocessor(size=24), PRESETS["strong"]

    def make(seed):
        torch.manual_seed(seed)
        return augmented(IMAGE, *settings)

    assert torch.equal(make(1), make(1))
    assert not torch.equal(make(1), make(2))
    assert make(1).shape == (3, 24, 24)


def test_without_augmentation_training_sees_what_evaluation_sees():
    preprocessor = Preprocessor(size=24, crop=0.8)
    assert torch.equal(augmented(IMAGE, preprocessor, PRESETS["none"]), preprocessor(IMAGE))


def test_mirroring_has_its_chance():
    turned = sum(perhaps_mirrored(IMAGE, 0.3) is not IMAGE for _ in range(500))
    assert 100 < turned < 200
    assert perhaps_mirrored(IMAGE, 0.0) is IMAGE
    both = perhaps_mirrored(perhaps_mirrored(IMAGE, 1.0), 1.0)
    assert np.array_equal(np.asarray(both), np.asarray(IMAGE))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_keeps_size_and_mode_and_most_do_something(operation):
    found = operation(IMAGE, 0.9)
    assert (found.size, found.mode) == (IMAGE.size, "RGB")


def test_operations_grow_with_the_magnitude():
    def change(magnitude):
        torch.manual_seed(3)
        pictures = [randaugment(IMAGE, 2, magnitude) for _ in range(60)]
        original = np.asarray(IMAGE, dtype=float)
        return np.mean([np.abs(np.asarray(each) - original).mean() for each in pictures])

    assert change(1) < change(5) < change(10)


def test_erasing_fills_one_rectangle_with_noise():
    erased = perhaps_erased(torch.zeros(3, 40, 40), 1.0) != 0
    rows, columns = erased.any(0).any(1).nonzero(), erased.any(0).any(0).nonzero()
    area = (rows.max() - rows.min() + 1) * (columns.max() - columns.min() + 1)
    assert erased[0].sum() == area
    assert 0.01 < area / 1600 < 0.4
    assert not perhaps_erased(torch.zeros(3, 40, 40), 0.0).any()


def batch_of(mix, labels=(0, 1, 2, 2)):
    examples = [
        {"image": torch.full((1, 10, 10), float(n)), "label": torch.tensor(label), "mix": mix}
        for n, label in enumerate(labels)
    ]
    return Mixing(3)(examples)


def test_mixup_blends_pictures_and_targets_alike():
    found = batch_of(torch.tensor([0.75, 1.0, 0.5, 0.5]))
    assert torch.allclose(found["image"][0], torch.full((1, 10, 10), 0.75))  # 0.25 of the last, 3
    assert torch.allclose(found["target"][0], torch.tensor([0.75, 0.0, 0.25]))


def test_cutmix_puts_a_rectangle_in_and_counts_its_cells():
    found = batch_of(torch.tensor([1.0, 0.64, 0.5, 0.5]))
    taken = (found["image"][0] == 3).float().mean()
    assert torch.allclose(taken, torch.tensor(0.36))
    assert torch.allclose(found["target"][0], torch.tensor([0.64, 0.0, 0.36]))
    at_the_corner = batch_of(torch.tensor([1.0, 0.64, 0.0, 0.0]))
    taken = (at_the_corner["image"][0] == 3).float().mean()
    assert torch.allclose(taken, torch.tensor(0.09))
    assert torch.allclose(at_the_corner["target"][0, 0], 1 - taken)


def test_targets_always_sum_to_one_and_smoothing_is_shared():
    for _ in range(20):
        found = batch_of(draw_mix(Augmentation(mixup=0.8, cutmix=1.0)))
        assert torch.allclose(found["target"].sum(1), torch.ones(4))
    smooth = Mixing(4, 0.2).targets(torch.tensor([1]))
    assert torch.allclose(smooth, torch.tensor([[0.05, 0.85, 0.05, 0.05]]))


def test_a_batch_takes_turns_between_mixup_and_cutmix():
    draws = torch.stack([draw_mix(Augmentation(mixup=0.8, cutmix=1.0)) for _ in range(200)])
    is_mixed, is_cut = draws[:, 0] < 1, draws[:, 1] < 1
    assert not (is_mixed & is_cut).any()
    assert 60 < is_cut.sum() < 140


def test_options_replace_parts_of_a_preset():
    found = augmentation("light", {"flip": 0.0, "mixup": None})
    assert (found.flip, found.mixup) == (0.0, PRESETS["light"].mixup)
    with pytest.raises(tk.NotFoundError, match="light"):
        augmentation("lights", {})


@pytest.mark.parametrize(
    "wrong",
    [{"flip": 2.0}, {"least": 0.0}, {"magnitude": 11.0}, {"mixup": -1.0}, {"label_smoothing": 1.0}],
)
def test_options_that_cannot_be_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(tk.UsageError, match=name):
        Augmentation(**wrong)
