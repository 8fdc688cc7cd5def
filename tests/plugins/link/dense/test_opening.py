import subprocess
import sys

import pytest

from tk import Kind, discover
from tk.errors import InputError, NotFoundError, UsageError
from tk_link.dense import open_backend, open_encoder, opening
from tk_link.dense.cache import CachedEncoder
from tk_link.dense.indexes import FaissBackend, TorchBackend
from tk_link.dense.transformer import SentenceEncoder


def test_a_folder_is_a_model_and_its_vectors_are_kept(tiny_model, tmp_path):
    encoder = open_encoder(str(tiny_model), device="cpu", offline=True, folder=tmp_path)
    assert isinstance(encoder, CachedEncoder)
    assert encoder.encode(["alpha"]).shape == (1, 32)
    assert list(tmp_path.glob("*.sqlite"))


def test_the_cache_can_be_left_out(tiny_model):
    encoder = open_encoder(str(tiny_model), device="cpu", offline=True, cache=False)
    assert isinstance(encoder, SentenceEncoder)


def test_a_registered_encoder_is_made_with_the_options_it_knows(monkeypatch, letters):
    class Entry:
        def load(self):
            return lambda *, device: setattr(letters, "device", device) or letters

    class Catalogue:
        def find(self, kind, name):
            assert (kind, name) == (Kind.ENCODER, "letters")
            return Entry()

    monkeypatch.setattr(opening, "discover", Catalogue)
    assert open_encoder("letters", device="cuda", cache=False) is letters
    assert letters.device == "cuda"


def test_a_mistyped_name_is_corrected():
    with pytest.raises(NotFoundError, match="did you mean 'minilm'"):
        open_encoder("minlm")


@pytest.mark.parametrize("name", ["hf:nobody/none", "nobody/none", "no-such-MiniLM-v7"])
def test_a_name_of_the_hub_is_looked_for_on_this_machine_when_offline(name):
    with pytest.raises(InputError, match="not found on this machine"):
        open_encoder(name, offline=True)


def test_a_missing_folder_is_not_looked_for_on_the_hub():
    with pytest.raises(InputError, match=r"'\./nowhere' does not exist"):
        open_encoder("./nowhere")


def test_offline_forbids_an_endpoint_elsewhere():
    with pytest.raises(UsageError, match=r"example\.org/v1:m is on the network"):
        open_encoder("http://example.org/v1:m", offline=True)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("faiss", FaissBackend), ("faiss-ivf", FaissBackend), ("torch", TorchBackend)],
)
def test_backends_are_found_by_name(name, kind):
    assert isinstance(open_backend(name, device="cpu"), kind)


def test_everything_offered_is_in_the_catalogue():
    catalogue = discover()
    assert {"minilm", "sentence-transformer", "endpoint"} <= {
        entry.name for entry in catalogue.declared(Kind.ENCODER)
    }
    assert {"faiss", "faiss-flat", "faiss-hnsw", "faiss-ivf", "faiss-ivfpq", "torch"} <= {
        entry.name for entry in catalogue.declared(Kind.BACKEND)
    }
    assert catalogue.find(Kind.ENCODER, "minilm").meta["extras"] == ["minilm"]


def test_deciding_needs_no_heavy_library():
    code = (
        "import sys, tk_link.dense\n"
        "print([m for m in ('torch', 'faiss', 'sentence_transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
