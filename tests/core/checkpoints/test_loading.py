import json

import pytest
import torch
from safetensors.torch import load_file, save_file

import tk
from tk import InputError, NotFoundError, UsageError
from tk.testing import wave

DEIT = {"patches.": "patch_embed.", "positions": "pos_embed", ".attention.": ".attn."}


@pytest.fixture
def vit(shapes):
    torch.manual_seed(0)
    return tk.create("vit-tiny-28", num_classes=5).eval()


@pytest.fixture
def published(vit, tmp_path):
    """Return the file its authors would have published, under the names of their code."""
    tensors = vit.state_dict()
    for ours, theirs in DEIT.items():
        tensors = {name.replace(ours, theirs): tensor for name, tensor in tensors.items()}
    torch.save({"model": tensors, "epoch": 3}, tmp_path / "published.pth")
    return tmp_path / "published.pth"


def rewrite(path, change):
    tensors = torch.load(path)["model"]
    change(tensors)
    torch.save({"model": tensors}, path)
    return path


def test_a_published_checkpoint_loads_unmodified(vit, published):
    model = tk.load_checkpoint(published)
    image = wave(2, 1, 28, 28)
    assert model.options == vit.options  # with the heads, which no tensor shows
    assert not model.training
    assert torch.equal(model(image), vit(image))


def test_a_prefix_that_hides_the_architecture_is_taken_off(vit, published):
    def nest(tensors):
        for name in list(tensors):
            tensors[f"backbone.{name}"] = tensors.pop(name)

    assert tk.load_checkpoint(rewrite(published, nest)).options == vit.options


def test_what_we_saved_loads_from_its_folder_its_file_and_its_class(vit, tmp_path):
    vit.save_pretrained(tmp_path / "saved")
    (tmp_path / "alone.safetensors").write_bytes(
        (tmp_path / "saved/model.safetensors").read_bytes()
    )
    config = json.loads((tmp_path / "saved" / "config.json").read_text())
    assert config == {"architecture": "shapes/vit", **vit.options}
    assert "library_name: transformer-tk" in (tmp_path / "saved" / "README.md").read_text()
    expected = vit(wave(1, 1, 28, 28))
    for model in (
        tk.load_checkpoint(tmp_path / "saved"),
        tk.load_checkpoint(tmp_path / "alone.safetensors"),
        type(vit).from_pretrained(tmp_path / "saved"),
    ):
        assert torch.equal(model(wave(1, 1, 28, 28)), expected)


def test_from_pretrained_says_nothing_and_demands_every_tensor(vit, tmp_path, capsys):
    vit.save_pretrained(tmp_path)
    type(vit).from_pretrained(tmp_path)
    assert capsys.readouterr().out == ""
    tensors = load_file(tmp_path / "model.safetensors")
    del tensors["head.bias"]
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match=r"1 missing: head\.bias"):
        type(vit).from_pretrained(tmp_path)


def test_a_tensor_too_many_or_too_few_is_named(published):
    rewrite(published, lambda tensors: tensors.update(surprise=torch.ones(1)))
    with pytest.raises(InputError, match=r"published\.pth does not fit ViT: 1 not used: surprise"):
        tk.load_checkpoint(published)
    rewrite(published, lambda tensors: [tensors.pop("norm.weight"), tensors.pop("surprise")])
    with pytest.raises(InputError, match=r"1 missing: norm\.weight"):
        tk.load_checkpoint(published)


def test_another_architecture_is_said_to_be_unknown(shapes, tmp_path):
    save_file({"conv.weight": torch.ones(1)}, tmp_path / "c.safetensors")
    with pytest.raises(InputError, match=r"no installed model has tensors such as conv\.weight"):
        tk.load_checkpoint(tmp_path / "c.safetensors")
    with pytest.raises(InputError, match=r"is no ViT: KeyError: 'patches\.proj\.weight'"):
        tk.load_checkpoint(tmp_path / "c.safetensors", architecture="shapes/vit")
    with pytest.raises(NotFoundError, match="did you mean 'vit'"):
        tk.load_checkpoint(tmp_path / "c.safetensors", architecture="vitt")


def test_a_size_of_no_variant_asks_for_what_tensors_do_not_show(shapes, tmp_path):
    model = tk.create("shapes/vit", dim=8, depth=1, heads=2, image=32)
    tensors = model.state_dict()
    for ours, theirs in DEIT.items():
        tensors = {name.replace(ours, theirs): tensor for name, tensor in tensors.items()}
    torch.save(tensors, tmp_path / "c.pth")
    with pytest.raises(UsageError, match=r"c\.pth as ViT needs heads=…"):
        tk.load_checkpoint(tmp_path / "c.pth")
    assert tk.load_checkpoint(tmp_path / "c.pth", heads=2).options == model.options


def test_a_fine_tuning_starts_with_a_new_head(published):
    model = tk.load_checkpoint(published, num_classes=9, fresh=["head.*"])
    assert model(wave(1, 1, 28, 28)).shape == (1, 9)


def test_a_wrong_option_gets_the_nearest_name(published):
    with pytest.raises(NotFoundError, match="did you mean 'num_classes'"):
        tk.load_checkpoint(published, num_clases=9)
