"""The smaller parts of training: rates, schedules, repeatable data, whole checkpoints."""

import json

import pytest
import torch
from torch import nn

from tk import FitConfig, InputError
from tk.training.batches import batches
from tk.training.parameters import layers, make_optimizer, parameter_groups
from tk.training.record import check_same_run, read_record
from tk.training.repeatable import Repeatable
from tk.training.resuming import last_checkpoint
from tk.training.schedules import factor, make_schedule

NAMES = ["cls_token", "patches.proj.weight", "blocks.0.a", "blocks.0.b", "blocks.1.a", "head.bias"]


def test_layers_are_numbered_from_the_input_up():
    assert list(layers(NAMES).values()) == [0, 0, 1, 1, 2, 3]
    assert layers(["weight", "bias"]) == {"weight": 0, "bias": 0}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 1, 4))
        self.positions = nn.Parameter(torch.zeros(1, 3, 4))
        self.blocks = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))
        self.head = nn.Linear(4, 2)


def test_rates_fall_towards_the_input_and_vectors_do_not_decay():
    net = Net()
    config = FitConfig(
        output="run", learning_rate=1.0, layer_decay=0.5, weight_decay=0.1, no_decay=("pos*",)
    )
    found = {
        name: (group["lr"], group["weight_decay"])
        for group in parameter_groups(net, config)
        for member in group["params"]
        for name, parameter in net.named_parameters()
        if parameter is member
    }
    assert found == {
        "token": (0.125, 0.0),
        "positions": (0.125, 0.0),
        "blocks.0.weight": (0.25, 0.1),
        "blocks.0.bias": (0.25, 0.0),
        "blocks.1.weight": (0.5, 0.1),
        "blocks.1.bias": (0.5, 0.0),
        "head.weight": (1.0, 0.1),
        "head.bias": (1.0, 0.0),
    }


def test_a_model_names_parameters_without_decay_itself():
    net = Net()
    net.no_decay = ("pos*", "head.*")
    config = FitConfig(output="run", weight_decay=0.1)
    (free,) = [g["params"] for g in parameter_groups(net, config) if not g["weight_decay"]]
    assert any(p is net.positions for p in free)
    assert any(p is net.head.weight for p in free)
    assert not any(p is net.blocks[0].weight for p in free)


def test_frozen_parameters_are_left_out():
    net = Net()
    net.head.requires_grad_(False)
    optimizer = make_optimizer(net, FitConfig(output="run", optimizer="sgd"))
    assert sum(len(group["params"]) for group in optimizer.param_groups) == 6


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [1 / 3, 2 / 3, 1, 1, 1, 1]),
        ("linear", [1 / 3, 2 / 3, 1, 0.775, 0.55, 0.325]),
        ("cosine", [1 / 3, 2 / 3, 1, 0.868, 0.55, 0.232]),
    ],
)
def test_schedules_rise_and_fall_to_their_floor(schedule, expected):
    config = FitConfig(output="run", schedule=schedule, warmup=0.3, floor=0.1)
    assert [factor(config, step, 6) for step in range(6)] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("steps", [1, 2, 3, 10])
def test_one_cycle_reaches_the_rate_in_runs_of_any_length(steps):
    config = FitConfig(output="run", schedule="one-cycle", learning_rate=0.5)
    optimizer = make_optimizer(nn.Linear(1, 1), config)
    schedule = make_schedule(optimizer, config, steps)
    rates = []
    for _ in range(steps):
        optimizer.step()
        schedule.step()
        rates += schedule.get_last_lr()
    assert max(rates) == pytest.approx(0.5)


class Noise:
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return torch.rand(2)


def test_random_choices_depend_on_seed_epoch_and_place_alone():
    data, other = Repeatable(Noise(), 1), Repeatable(Noise(), 2)
    before = torch.get_rng_state()
    first = data[0]
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(first, data[1])
    assert not torch.equal(first, other[0])
    torch.rand(5)
    assert torch.equal(first, data[0])
    data.epoch = 1
    assert not torch.equal(first, data[0])


def test_batches_come_in_order_without_gradients_and_restore_the_mode():
    model = nn.Linear(1, 1).train()
    data = [{"x": torch.tensor([float(i)])} for i in range(5)]
    modes = []
    found = []
    for batch in batches(model, data, batch_size=2):
        modes.append((model.training, torch.is_grad_enabled()))
        found += batch["x"].flatten().tolist()
    assert found == [0, 1, 2, 3, 4]
    assert set(modes) == {(False, False)}
    assert model.training


def test_a_checkpoint_that_was_not_finished_is_passed_over(tmp_path):
    assert last_checkpoint(tmp_path) is None
    for step, state in [(5, json.dumps({"global_step": 5})), (10, '{"global_'), (100, None)]:
        folder = tmp_path / "checkpoints" / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        if state is not None:
            (folder / "trainer_state.json").write_text(state)
    assert last_checkpoint(tmp_path).name == "checkpoint-5"


def test_a_damaged_record_is_named_and_free_options_may_differ(tmp_path):
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(InputError, match=r"run\.json cannot be read"):
        read_record(tmp_path)
    check_same_run({"config": {"workers": 0}}, {"config": {"workers": 4}})
