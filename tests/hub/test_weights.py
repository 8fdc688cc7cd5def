import json

import numpy as np
import pytest
from safetensors.numpy import save_file

import tk
from tk import InputError, NotFoundError, OutputError, UsageError
from tk_hub.weights import fetch_weights, find_local

CARD = "---\nlibrary_name: {library}\n---\n# A model\n"


@pytest.fixture
def folder(tmp_path):
    """Repositories as the Hub lays them out: ours, somebody else's, and one with a pickle only."""
    for name, library in (("zoo/lion", "transformer-tk"), ("zoo/bert", "transformers")):
        path = tmp_path / "models" / name
        path.mkdir(parents=True)
        (path / "README.md").write_text(CARD.format(library=library))
        (path / "config.json").write_text(json.dumps({"architecture": "hat-s"}))
        save_file({"w": np.ones(3, dtype=np.float32)}, path / "model.safetensors")
        (path / "pytorch_model.bin").write_bytes(b"a pickle")
    path = tmp_path / "models" / "zoo" / "pickle"
    path.mkdir()
    (path / "README.md").write_text(CARD.format(library="transformer-tk"))
    (path / "pytorch_model.bin").write_bytes(b"a pickle")
    return tmp_path / "models"


def test_only_what_our_models_saved_with_safetensors_is_listed(folder):
    (found,) = find_local(folder)
    assert (found.name, found.architecture, len(found.commit)) == ("zoo/lion", "hat-s", 40)
    assert find_local(folder, "bear") == []


def test_a_model_that_tk_saved_is_found_with_its_architecture(shapes, tmp_path):
    tk.create("vit-tiny-28").save_pretrained(tmp_path / "zoo" / "mine")
    (found,) = find_local(tmp_path)
    assert (found.name, found.architecture) == ("zoo/mine", "shapes/vit")


def test_a_pinned_commit_is_copied_without_pickles(folder, tmp_path):
    (found,) = find_local(folder)
    output = fetch_weights(f"zoo/lion@{found.commit}", tmp_path / "lion", folder=folder)
    names = sorted(path.name for path in output.iterdir())
    assert names == ["README.md", "config.json", "model.safetensors"]


def test_weights_that_changed_have_another_commit(folder, tmp_path):
    (found,) = find_local(folder)
    save_file({"w": np.zeros(3, dtype=np.float32)}, folder / "zoo/lion/model.safetensors")
    with pytest.raises(NotFoundError, match=r"zoo/lion@[0-9a-f]{40}' not found"):
        fetch_weights(f"zoo/lion@{found.commit}", tmp_path / "lion", folder=folder)
    assert not (tmp_path / "lion").exists()


def test_nothing_is_fetched_without_a_commit(folder, tmp_path):
    with pytest.raises(UsageError, match="names no commit"):
        fetch_weights("zoo/lion", tmp_path / "lion", folder=folder)


def test_a_pickle_called_safetensors_is_refused(folder, tmp_path):
    (folder / "zoo/lion/model.safetensors").write_bytes(b"\x80\x04\x95 a pickle")
    (found,) = find_local(folder)
    with pytest.raises(InputError, match=r"model\.safetensors is no safetensors file"):
        fetch_weights(f"zoo/lion@{found.commit}", tmp_path / "lion", folder=folder)
    assert not (tmp_path / "lion").exists()


def test_what_is_there_is_not_overwritten(folder, tmp_path):
    (found,) = find_local(folder)
    (tmp_path / "lion").mkdir()
    with pytest.raises(OutputError, match="is there already"):
        fetch_weights(f"zoo/lion@{found.commit}", tmp_path / "lion", folder=folder)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="is no folder of"):
        find_local(tmp_path / "nowhere")
