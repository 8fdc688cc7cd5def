import numpy as np
import pytest

from tk.testing import assert_encoder


class Lengths:
    """Encode a text as its length and its number of vowels."""

    dim = 2

    def encode(self, items, *, batch_size=64):
        rows = [[len(item), sum(item.count(v) for v in "aeiou")] for item in items]
        return np.array(rows, dtype=np.float32).reshape(len(items), self.dim)


class Doubles(Lengths):
    def encode(self, items, *, batch_size=64):
        return super().encode(items).astype(np.float64)


class Centred(Lengths):
    def encode(self, items, *, batch_size=64):
        vectors = super().encode(items)
        return vectors if not len(items) else vectors - vectors[0]


class Batched(Lengths):
    def encode(self, items, *, batch_size=64):
        return super().encode(items) + np.float32(batch_size == 1)


class Constant(Lengths):
    def encode(self, items, *, batch_size=64):
        return np.ones((len(items), self.dim), dtype=np.float32)


class Random(Lengths):
    def encode(self, items, *, batch_size=64):
        return np.random.default_rng().random((len(items), self.dim), dtype=np.float32)


class Unready(Lengths):
    def encode(self, items, *, batch_size=64):
        return super().encode(items) if len(items) else np.zeros(0, dtype=np.float32)


ITEMS = ["alpha", "be", "gammas"]


def test_a_sound_encoder_passes():
    assert_encoder(Lengths(), ITEMS)


@pytest.mark.parametrize(
    ("encoder", "reason"),
    [
        (Doubles(), "dtype"),
        (Centred(), "order changes"),
        (Batched(), "batch_size changes"),
        (Constant(), "same vector"),
        (Random(), "second call"),
        (Unready(), "no items"),
    ],
)
def test_a_broken_promise_is_named(encoder, reason):
    with pytest.raises(AssertionError, match=reason):
        assert_encoder(encoder, ITEMS)
