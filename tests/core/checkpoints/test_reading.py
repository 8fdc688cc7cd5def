import json
import pickle

import pytest
import torch
from safetensors.torch import save_file

from tk import InputError, NotFoundError
from tk.checkpoints.reading import read_checkpoint

A, B = torch.ones(2), torch.zeros(3)


@pytest.fixture
def write(tmp_path):
    def write(content, name="c.pth"):
        torch.save(content, tmp_path / name)
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    "content",
    [
        {"a": A},
        {"epoch": 3, "a": A},
        {"state_dict": {"a": A}, "optimizer": {}, "epoch": 3},
        {"model": {"state_dict": {"a": A}}},
        {"module.a": A},
        {"model": {"module._orig_mod.a": A}},
        {"params": {"a": B}, "params_ema": {"a": A}},
    ],
)
def test_the_usual_wrappers_are_seen_through(write, content):
    tensors = read_checkpoint(write(content)).tensors
    assert list(tensors) == ["a"]
    assert torch.equal(tensors["a"], A)


def test_a_prefix_that_only_some_names_have_is_part_of_them(write):
    assert list(read_checkpoint(write({"module.a": A, "b": B})).tensors) == ["module.a", "b"]


def test_a_part_can_be_named(write):
    path = write({"generator": {"a": A}, "discriminator": {"net": {"b": B}}})
    assert list(read_checkpoint(path, part="generator").tensors) == ["a"]
    assert list(read_checkpoint(path, part="discriminator.net").tensors) == ["b"]
    with pytest.raises(NotFoundError, match="did you mean 'generator'"):
        read_checkpoint(path, part="generater")
    with pytest.raises(InputError, match=r"say part= one of \['generator', 'discriminator'\]"):
        read_checkpoint(path)


def test_safetensors_bring_their_own_configuration_and_that_beside_them(tmp_path):
    config = {"architecture": "zoo/lion", "config": json.dumps({"mane": 1})}
    save_file({"a": A}, tmp_path / "own.safetensors", metadata=config)
    assert read_checkpoint(tmp_path / "own.safetensors").config == {"mane": 1}
    save_file({"a": A}, tmp_path / "bare.safetensors")
    (tmp_path / "config.json").write_text('{"hidden_size": 3}')
    assert read_checkpoint(tmp_path / "bare.safetensors").config == {"hidden_size": 3}


def test_a_folder_may_hold_a_model_in_several_files(tmp_path):
    save_file({"a": A}, tmp_path / "model-1-of-2.safetensors")
    save_file({"b": B}, tmp_path / "model-2-of-2.safetensors")
    assert sorted(read_checkpoint(tmp_path).tensors) == ["a", "b"]


def test_a_file_that_would_run_code_is_refused(tmp_path):
    class Bomb:
        def __reduce__(self):
            return print, ("boom",)

    for path, save in [(tmp_path / "a.pth", torch.save), (tmp_path / "b.pth", dump)]:
        save({"a": Bomb()}, path)
        with pytest.raises(InputError, match="could run code"):
            read_checkpoint(path)


def dump(content, path):
    path.write_bytes(pickle.dumps(content))


@pytest.mark.parametrize("name", ["c.pth", "c.safetensors"])
@pytest.mark.parametrize("kept", [0, 4, 100, -10])
def test_a_truncated_file_is_named(tmp_path, name, kept):
    path = tmp_path / name
    tensors = {"a": torch.ones(1000)}
    save_file(tensors, path) if path.suffix == ".safetensors" else torch.save(tensors, path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match=rf"{name}.*truncated"):
        read_checkpoint(path)


def test_what_is_not_there_or_no_checkpoint_is_named(tmp_path, write):
    with pytest.raises(InputError, match=r"none\.pth is not there"):
        read_checkpoint(tmp_path / "none.pth")
    with pytest.raises(InputError, match=r"has no \*\.safetensors"):
        read_checkpoint(tmp_path)
    with pytest.raises(InputError, match="holds a list, not tensors"):
        read_checkpoint(write([A]))
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(InputError, match=r"text\.pth"):
        read_checkpoint(tmp_path / "text.pth")
