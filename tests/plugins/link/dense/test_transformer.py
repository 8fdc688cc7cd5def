import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from tk.errors import InputError
from tk.testing import assert_encoder
from tk_link.dense import linear
from tk_link.dense.linear import OneDnnLinear
from tk_link.dense.transformer import SentenceEncoder


@pytest.fixture(scope="module")
def encoder(tiny_model) -> SentenceEncoder:
    return SentenceEncoder(tiny_model, device="cpu", offline=True, dtype="float32")


def test_it_keeps_the_promises_of_an_encoder(encoder, texts):
    assert_encoder(encoder, texts)


def test_vectors_are_those_of_the_library(encoder, tiny_model, texts):
    plain = SentenceTransformer(str(tiny_model), device="cpu")
    expected = plain.encode(texts, show_progress_bar=False)
    assert encoder.dim == 32
    assert encoder._is_text_model
    assert any(isinstance(layer, OneDnnLinear) for layer in encoder._model.modules())
    np.testing.assert_allclose(encoder.encode(texts), expected, rtol=0, atol=2e-5)


def test_half_precision_stays_close_and_independent_of_the_batch(tiny_model, encoder, texts):
    half = SentenceEncoder(tiny_model, device="cpu", offline=True, dtype="bfloat16")
    a, b = encoder.encode(texts), half.encode(texts)
    cosines = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert cosines.min() > 0.995
    assert not np.array_equal(a, b)
    assert half.identity != encoder.identity


@pytest.mark.parametrize("has", [True, False])
def test_half_precision_is_taken_where_the_processor_has_it(tiny_model, monkeypatch, has):
    monkeypatch.setattr(linear, "has_bfloat16", lambda: has)
    encoder = SentenceEncoder(tiny_model, device="cpu", offline=True)
    assert encoder.identity.endswith(":bfloat16" if has else ":float32")
    assert linear.used_dtype("auto", "cuda") == "float32"


def test_a_model_with_a_prompt_is_left_to_the_library(tiny_model, texts, tmp_path):
    model = SentenceTransformer(
        str(tiny_model), device="cpu", prompts={"query": "old "}, default_prompt_name="query"
    )
    model.save(str(tmp_path))
    encoder = SentenceEncoder(tmp_path, device="cpu", offline=True, dtype="float32")
    assert not encoder._is_text_model
    expected = model.encode(texts, show_progress_bar=False)
    np.testing.assert_allclose(encoder.encode(texts), expected, rtol=0, atol=2e-5)


def test_the_identity_follows_the_weights(tiny_model, encoder, tmp_path):
    again = SentenceEncoder(tiny_model, device="cpu", offline=True, dtype="float32")
    assert again.identity == encoder.identity
    model = SentenceTransformer(str(tiny_model), device="cpu")
    with torch.no_grad():
        next(model.parameters())[7, 0] += 1e-3
    model.save(str(tmp_path))
    other = SentenceEncoder(tmp_path, device="cpu", offline=True, dtype="float32")
    assert other.identity != encoder.identity


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no modules\.json or config\.json"):
        SentenceEncoder(tmp_path, offline=True)


def test_a_broken_model_is_named(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="cannot be loaded"):
        SentenceEncoder(tmp_path, offline=True)


def test_offline_says_that_the_model_is_not_here():
    with pytest.raises(InputError, match="not found on this machine; leave --offline out"):
        SentenceEncoder("nobody/nothing-of-this-name", offline=True)


def test_a_full_gpu_shrinks_batches_and_then_leaves_it_to_the_processor(
    encoder, texts, monkeypatch, caplog
):
    expected = encoder.encode(texts)
    once, sizes = encoder._encode_once, []
    devices = iter(["cuda"] * 3)

    def full(block, out, batch_size):
        sizes.append(batch_size)
        if len(sizes) <= 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        once(block, out, batch_size)

    class Model:
        """The model, said to be on a GPU until it is moved."""

        @property
        def device(self):
            return torch.device(next(devices, "cpu"))

        def __getattr__(self, name):
            return getattr(real, name)

    real = encoder._model
    monkeypatch.setattr(encoder, "_encode_once", full)
    monkeypatch.setattr(encoder, "_model", Model())
    once = encoder.__class__._encode_once.__get__(_with(encoder, real))
    np.testing.assert_array_equal(encoder.encode(texts, batch_size=4), expected)
    assert sizes == [4, 2, 1, 64]
    assert "the processor takes over" in caplog.text


def _with(encoder, model):
    other = object.__new__(SentenceEncoder)
    other.__dict__.update(encoder.__dict__, _model=model)
    return other
