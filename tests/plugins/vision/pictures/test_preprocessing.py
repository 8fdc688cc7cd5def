"""Pictures become tensors alike in training, in prediction and after saving."""

import numpy as np
import pytest
import torch
from PIL import Image

import tk
from tk_vision.pictures.preprocessing import FILE, Preprocessor, read_preprocessor


def test_the_middle_square_is_scaled_and_normalised():
    image = Image.new("RGB", (60, 40), "black")
    image.paste("white", (20, 10, 40, 30))
    plain = Preprocessor(size=20, crop=0.5, mean=(0.5,) * 3, std=(0.25,) * 3)
    assert torch.equal(plain(image), torch.full((3, 20, 20), 2.0))


@pytest.mark.parametrize("size", [(1, 1), (500, 3), (7, 90)])
def test_any_shape_gives_a_square(size):
    assert Preprocessor(size=32)(Image.new("RGB", size)).shape == (3, 32, 32)


def test_what_is_saved_is_read_again(tmp_path):
    made = Preprocessor(48, 0.9, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), "bilinear")
    made.save(tmp_path)
    again = read_preprocessor(tmp_path)
    assert again == made
    image = Image.fromarray(np.arange(3 * 64, dtype=np.uint8).reshape(8, 8, 3))
    assert torch.equal(made(image), again(image))
    assert read_preprocessor(tmp_path / "elsewhere") is None


@pytest.mark.parametrize("text", ["{", "[]", '{"size": 0}', '{"sides": 3}', '{"std": [1, 1]}'])
def test_damaged_settings_are_named(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(tk.InputError, match=FILE):
        read_preprocessor(tmp_path)


@pytest.mark.parametrize("wrong", [{"crop": 0.0}, {"std": (0.0,) * 3}, {"interpolation": "cubic"}])
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(tk.UsageError, match=str(next(iter(wrong)))):
        Preprocessor(**wrong)
