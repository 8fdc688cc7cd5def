"""Every mode becomes RGB; every kind of damage becomes one error that names the picture."""

import io

import numpy as np
import pytest
from drawings import drawing, save_broken
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

import tk
from tk_vision.pictures.decoding import decode, decode_bytes
from tk_vision.pictures.picture import Picture, PictureError


def saved(image, kind="PNG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def decoded(image, kind="PNG", **options):
    found = decode_bytes(saved(image, kind, **options), "picture")
    assert found.mode == "RGB"
    return np.asarray(found)


COLOUR = drawing("square", 1)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("RGBA", "PNG"),
        ("CMYK", "JPEG"),
        ("CMYK", "TIFF"),
        ("YCbCr", "JPEG"),
        ("RGB", "WEBP"),
        ("P", "GIF"),
    ],
)
def test_every_mode_looks_like_its_original(mode, kind):
    image = COLOUR.convert(mode)
    found = decoded(image, kind).astype(int)
    wanted = np.asarray(image.convert("RGB")).astype(int)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).mean() < 8


def test_sixteen_bit_greys_keep_their_brightness():
    ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    found = decoded(Image.fromarray(ramp))[..., 0]
    assert np.array_equal(found, np.rint(ramp / 257).astype(np.uint8))
    assert np.array_equal(decoded(Image.fromarray(ramp), "TIFF")[..., 0], found)


def test_dark_pictures_of_sixteen_bits_stay_dark():
    dark = np.full((8, 8), 4095, dtype=np.uint16)  # as twelve-bit cameras write
    assert decoded(Image.fromarray(dark)).max() == 16


@pytest.mark.parametrize(("top", "dtype"), [(1.0, np.float32), (255, np.float32), (255, np.int32)])
def test_32_bit_greys_span_their_range(top, dtype):
    values = np.linspace(0, top, 256).astype(dtype).reshape(16, 16)
    found = decoded(Image.fromarray(values), "TIFF")[..., 0]
    assert (found.min(), found.max()) == (0, 255)
    assert abs(int(found.mean()) - 127) < 3


def test_cells_that_are_no_number_are_black():
    values = np.array([[0.0, np.nan], [np.inf, 1.0]], dtype=np.float32)
    assert decoded(Image.fromarray(values), "TIFF")[..., 0].tolist() == [[0, 0], [0, 255]]


def test_transparent_cells_are_white():
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    assert (decoded(clear) == 255).all()
    half = Image.new("LA", (4, 4), (0, 128))
    assert abs(int(decoded(half).mean()) - 127) <= 1
    palette = Image.new("RGB", (4, 4), "navy").quantize(4)
    assert (decoded(palette, transparency=palette.getpixel((0, 0))) == 255).all()


def test_exif_turns_the_picture_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise
    image = Image.new("RGB", (40, 20), "black")
    image.paste("white", (0, 0, 20, 20))
    found = decoded(image, "JPEG", exif=exif)
    assert found.shape == (40, 20, 3)
    assert found[:18].mean() > 240
    assert found[22:].mean() < 15


def test_lab_pictures_have_their_colours():
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.profileToProfile(COLOUR, *profiles, outputMode="LAB")
    difference = decoded(lab, "TIFF").astype(int) - np.asarray(COLOUR)
    assert np.abs(difference).mean() < 4


def test_the_first_picture_of_an_animation_is_taken():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    found = decoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert found[0, 0].tolist() == [255, 0, 0]


def test_every_kind_of_damage_is_named(tmp_path):
    told = save_broken(tmp_path)
    for name, words in told.items():
        with pytest.raises(PictureError) as caught:
            decode(Picture(name, tmp_path / name))
        assert name in str(caught.value)
        assert words in caught.value.reason
        assert caught.value.exit_code == 3


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(tk.InputError, match=r"gone\.png.*No such file"):
        decode(Picture("gone.png", tmp_path / "gone.png"))


FILES = [saved(COLOUR, kind) for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")]


@given(st.sampled_from(FILES), st.integers(0, 10_000), st.binary(min_size=1, max_size=40))
def test_any_damage_gives_a_picture_or_a_picture_error(data, place, noise):
    place %= len(data)
    broken = data[:place] + noise + data[place + len(noise) :]
    for each in (broken, data[:place]):
        try:
            mode = decode_bytes(each, "broken").mode
        except PictureError as error:
            mode = error.reason and "RGB"
        assert mode == "RGB"


def test_jpegs_may_be_decoded_smaller():
    large = saved(drawing("disc", 2, side=256), "JPEG")
    assert decode(Picture("large", large), shorter=64).size == (64, 64)
    assert decode(Picture("large", large)).size == (256, 256)
