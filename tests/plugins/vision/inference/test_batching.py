"""Batches fit into memory; where they do not, they are halved."""

import pytest
import torch
from torch import nn

import tk
from tk_vision.inference import batching
from tk_vision.inference.batching import in_pieces, pick_batch_size
from tk_vision.inference.hardware import free_memory, pick_device, pick_dtype
from tk_vision.inference.running import Runner, Running, check_size

MODEL = nn.Sequential(nn.Conv2d(3, 64, 1), nn.ReLU()).eval()


def test_larger_pictures_come_in_smaller_batches():
    sizes = [pick_batch_size(MODEL, torch.zeros(1, 3, side, side)) for side in (16, 64, 512)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 64
    assert sizes[-1] == 1


def test_little_memory_makes_small_batches(monkeypatch):
    example = torch.zeros(1, 3, 64, 64)
    layer = 2 * 64 * 64 * 64 * 4  # the widest: ReLU's input and output
    monkeypatch.setattr(batching, "free_memory", lambda device: 4 * layer * 6 * 2)
    assert pick_batch_size(MODEL, example) == 4
    monkeypatch.setattr(batching, "free_memory", lambda device: 1)
    assert pick_batch_size(MODEL, example) == 1


def test_what_does_not_fit_is_halved_and_put_together_again():
    seen = []

    def function(batch):
        seen.append(len(batch))
        if len(batch) > 2:
            raise torch.OutOfMemoryError
        return batch * 2

    found = in_pieces(function, torch.arange(7.0))
    assert torch.equal(found, 2 * torch.arange(7.0))
    assert seen[0] == 7
    with pytest.raises(torch.OutOfMemoryError):
        in_pieces(lambda batch: function(torch.zeros(3)), torch.zeros(1))


def test_the_machine_has_memory_and_a_processor():
    assert free_memory(torch.device("cpu")) > 1 << 20
    assert pick_device("cpu").type == "cpu"
    assert pick_dtype("float32", torch.device("cpu")) == torch.float32
    with pytest.raises(tk.UsageError, match="CUDA devices"):
        pick_device("cuda:99")


def test_a_runner_gives_what_the_model_gives():
    model = tk.create("poolformer-mini", num_classes=5).eval()
    images = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        logits, features = model(images), model.features(images)
    exact = Running(precision="float32")
    assert torch.allclose(Runner(model, size=32, running=exact).run(images), logits, atol=1e-5)
    runner = Runner(model, size=32, running=exact, method="features")
    assert torch.allclose(runner.run(images), features, atol=1e-5)


def test_a_size_that_a_model_does_not_take_is_explained():
    model = tk.create("tnt-mini")
    with pytest.raises(tk.InputError, match=r"TNT cannot take pictures of 50 × 50.*--image-size"):
        check_size(model, torch.zeros(1, 3, 50, 50))
    assert model.training
