"""Training at several sizes: what each size learns from which, and that `tk.fit` does it."""

import copy
import json

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import tk
from tk.protocols import Splits
from tk.testing import wave
from tk.training.batches import batches
from tk_vision.adventurer import Adventurer
from tk_vision.metaformer import MetaFormer
from tk_vision.multi_resolution import MultiResolution, combine, consistency, heard, resize
from tk_vision.resformer import ResFormer
from tk_vision.vit import ViT


class Stripes:
    """Stripes that run across or down, with noise."""

    best, goal = "accuracy", "highest"

    def __init__(self, *, count=48, side=32):
        self.count, self.side = count, side

    def model_options(self):
        return {"num_classes": 2}

    def datasets(self, config):
        few = [self.make(self.count, config.seed), self.make(24, config.seed + 1)]
        return Splits(train=few[0], validation=few[1], test=few[1])

    def make(self, count, seed):
        random = torch.Generator().manual_seed(seed)
        lines = (torch.arange(self.side) // 4 % 2).float().expand(self.side, self.side)
        images = [lines if kind else lines.T for kind in torch.arange(count) % 2]
        noise = torch.randn(count, 3, self.side, self.side, generator=random)
        return [
            {"image": image + 0.5 * each, "label": torch.tensor(number % 2)}
            for number, (image, each) in enumerate(zip(images, noise, strict=True))
        ]

    def loss(self, model, batch):
        logits = model(batch["image"])
        return F.cross_entropy(logits, batch["label"]), {"logits": logits}

    def evaluate(self, model, data):
        right = sum(
            int((model(batch["image"]).argmax(1) == batch["label"]).sum())
            for batch in batches(model, data)
        )
        return {"accuracy": right / len(data)}


def small():
    torch.manual_seed(0)
    return ResFormer(dim=16, depth=2, heads=2, patch=8, num_classes=2)


def batch(side=32):
    return {"image": wave(4, 3, side, side), "label": torch.tensor([0, 1, 1, 0])}


def gradients(loss, model):
    return torch.autograd.grad(loss, list(model.parameters()), retain_graph=True)


def test_smooth_l1_norms_the_teacher_alone():
    student, teacher = wave(3, 8), 5 + 3 * wave(3, 8, phase=1.0)
    normed = (teacher - teacher.mean(1, keepdim=True)) / teacher.std(1, correction=0, keepdim=True)
    far = (student - normed).abs()
    expected = torch.where(far < 1, far.square() / 2, far - 0.5).mean()
    torch.testing.assert_close(consistency(student, teacher), expected)


def test_l2_cosine_and_soft_are_as_written():
    student, teacher = wave(3, 8), wave(3, 8, phase=1.0)
    assert consistency(student, teacher, "l2") == (student - teacher).square().mean()
    products = (student * teacher).sum(1) / (student.norm(dim=1) * teacher.norm(dim=1))
    torch.testing.assert_close(consistency(student, teacher, "cosine"), 1 - products.mean())
    ours, theirs = (student / 3).softmax(1), (teacher / 3).softmax(1)
    divergence = (theirs * (theirs / ours).log()).sum() / 24 * 9
    found = consistency(student, teacher, "soft", temperature=3.0)
    torch.testing.assert_close(found, divergence)


@pytest.mark.parametrize("kind", ["smooth-l1", "l2", "cosine", "soft"])
def test_no_gradient_reaches_a_teacher(kind):
    student, teacher = (wave(3, 8, phase=p).requires_grad_() for p in (0.0, 1.0))
    loss = consistency(student, teacher, kind)
    ours, theirs = torch.autograd.grad(loss, (student, teacher), allow_unused=True)
    assert ours.any()
    assert theirs is None


def test_each_size_learns_from_the_larger_one_before_it():
    losses = [torch.tensor(float(i), requires_grad=True) for i in range(3)]
    targets = [wave(2, 4, phase=float(i)).requires_grad_() for i in range(3)]
    total = combine(losses, targets, alpha=0.5, kind="l2")
    far = [(a - b).square().mean() for a, b in zip(targets[1:], targets, strict=False)]
    torch.testing.assert_close(total, (3.0 + 0.5 * sum(far)) / 3)
    largest, middle, least = torch.autograd.grad(total, targets, allow_unused=True)
    assert largest is None
    torch.testing.assert_close(middle, 0.5 * 2 / 8 / 3 * (targets[1] - targets[0]))
    torch.testing.assert_close(least, 0.5 * 2 / 8 / 3 * (targets[2] - targets[1]))


def test_task_loss_has_the_gradient_of_its_parts():
    model, task = small(), MultiResolution(Stripes(), sizes=[32, 16], alpha=2.0)
    total, outputs = task.loss(model, batch())
    image, label = batch().values()
    less = F.interpolate(image, size=(16, 16), mode="bicubic", antialias=True)
    teacher, student = model.features(image), model.features(less)
    alone = [F.cross_entropy(model.head(each), label) for each in (teacher, student)]
    expected = (sum(alone) + 2.0 * consistency(student, teacher.detach())) / 2
    assert torch.equal(outputs["logits"], model(image))
    torch.testing.assert_close(total, expected)
    for found, wanted in zip(gradients(total, model), gradients(expected, model), strict=True):
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("target", ["features", "patches", "logits"])
def test_sizes_learn_what_is_asked(target):
    model, image = small(), wave(2, 3, 32, 32)
    tokens = model.tokens(image)
    with heard(model, target) as found:
        logits = model(image)
    expected = {"features": tokens[:, 0], "patches": tokens[:, 1:].mean(1), "logits": logits}
    assert torch.equal(found[0], expected[target])
    model(image)
    assert len(found) == 1, "it still listens"


def test_kernels_of_the_last_block_learn_from_patches_alone():
    model = small()
    weight = model.blocks[-1].attn.get_v.weight
    found = []
    for target in ("features", "patches"):
        task = MultiResolution(Stripes(), sizes=[32, 16], target=target)
        loss, _ = task.loss(model, batch())
        found.append(torch.autograd.grad(loss, weight)[0])
    assert not found[0].any()
    assert found[1].any()


BACKBONES = [
    lambda: MetaFormer(depths=[1] * 4, dims=[8] * 4, num_classes=2),
    lambda: ViT(dim=8, depth=2, heads=2, image=64, patch=8, num_classes=2),
    lambda: Adventurer(dim=8, depth=2, image=64, patch=8, state=4, head_dim=4, num_classes=2),
    lambda: tk.create("cswin-t", dims=[8] * 4, depths=[1] * 4, heads=[2] * 4, num_classes=2),
]


@pytest.mark.parametrize("make", BACKBONES)
def test_any_backbone_takes_part(make):
    model = make()
    loss, _ = MultiResolution(Stripes(), sizes=[64, 32]).loss(model, batch(64))
    assert all(each.isfinite().all() for each in gradients(loss, model))


def test_a_model_without_the_part_is_refused():
    with (
        pytest.raises(tk.UsageError, match="Linear has no patches"),
        heard(nn.Linear(2, 2), "patches"),
    ):
        pass


def test_separate_augmentation_draws_anew_and_mixes_alike():
    class Drawn(Stripes):
        def make(self, count, seed):
            class Data:
                def __len__(self):
                    return count

                def __getitem__(self, index):
                    return {"image": torch.rand(3, 32, 32), "label": torch.tensor(0)}

            return Data()

        def collate(self, examples):
            mixed = torch.utils.data.default_collate(examples)
            return {**mixed, "share": torch.rand(1)}

    task = MultiResolution(Drawn(), sizes=[32, 16], separate=True)
    data = task.datasets(tk.FitConfig(output="run")).train
    assert len(data) == 48
    found = task.collate([data[0], data[1]])
    assert not torch.equal(found["0.image"], found["1.image"])
    assert torch.equal(found["0.share"], found["1.share"])
    large, less = task.replicas(found)
    assert torch.equal(large["image"], found["0.image"])
    assert torch.equal(less["image"], resize(found["1.image"], 16))


def test_a_window_takes_neighbouring_sizes_in_turn_by_chance():
    torch.manual_seed(0)
    task = MultiResolution(Stripes(), sizes=[32, 24, 16], window=2)
    seen = {tuple(r["image"].shape[-1] for r in task.replicas(batch())) for _ in range(20)}
    assert seen == {(32, 24), (24, 16)}


def test_fit_trains_and_measures_at_every_size(tmp_path):
    config = tk.FitConfig(output=str(tmp_path / "run"), epochs=8, batch_size=12, learning_rate=1e-2)
    task = MultiResolution(Stripes(), sizes=[32, 24, 16])
    fitted = tk.fit(task, small(), config)
    found = fitted.metrics["test"]
    assert found.keys() == {"accuracy", "accuracy@32", "accuracy@24", "accuracy@16"}
    each = [found[f"accuracy@{size}"] for size in (32, 24, 16)]
    assert found["accuracy"] == pytest.approx(sum(each) / 3)
    assert min(each) > 0.9
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["task"]["options"]["sizes"] == [32, 24, 16]
    assert record["task"]["options"]["inner"] == ["count=48", "side=32"]


def test_wrapped_data_can_be_copied():
    task = MultiResolution(Stripes(), sizes=[32, 16])
    found = task.evaluate(small(), Stripes().make(4, 0))
    assert found.keys() == {"accuracy", "accuracy@32", "accuracy@16"}
    assert copy.deepcopy(task).sizes == [32, 16]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sizes": [16, 32]}, "16, 32"),
        ({"sizes": []}, "sizes"),
        ({"window": 4}, "window is 4"),
        ({"alpha": -1.0}, "alpha -1"),
        ({"temperature": 0.0}, "temperature 0"),
        ({"consistency": "l1"}, "l1"),
        ({"target": "tokens"}, "tokens"),
    ],
)
def test_options_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(tk.TkError, match=message):
        MultiResolution(Stripes(), **wrong)


def test_images_that_are_not_square_are_refused():
    with pytest.raises(tk.InputError, match="32 x 40"):
        resize(wave(1, 3, 32, 40), 16)
