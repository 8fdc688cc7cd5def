import pytest

from tk import FitConfig, NotFoundError, UsageError
from tk.training import configured


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("output", ""),
        ("epochs", 0),
        ("batch_size", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("warmup", 1.0),
        ("ema", -0.1),
        ("layer_decay", 1.5),
        ("betas", (0.9, 1.0)),
        ("seed", -1),
        ("keep", 0),
    ],
)
def test_a_value_that_makes_no_sense_is_named(option, value):
    with pytest.raises(UsageError, match=option):
        FitConfig(**{"output": "run", option: value})


def test_a_choice_gets_the_nearest_name():
    with pytest.raises(NotFoundError, match="schedule 'cosin' not found; did you mean 'cosine'"):
        FitConfig(output="run", schedule="cosin")


def test_words_of_a_file_become_a_configuration():
    given = {"output": "run", "learning_rate": 1, "betas": [0.9, 0.95], "no_decay": ["pos*"]}
    config = configured(FitConfig, given, what="[fit]")
    assert (config.learning_rate, config.betas, config.no_decay) == (1.0, (0.9, 0.95), ("pos*",))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"output": "run", "epoch": 3}, r"\[fit\]: option 'epoch' not found; .* 'epochs'"),
        ({"output": "run", "epochs": "3"}, r"\[fit\]: epochs is '3', must be int"),
        ({"output": "run", "epochs": True}, r"\[fit\]: epochs is True, must be int"),
        ({"output": "run", "precision": 16}, r"\[fit\]: precision is 16"),
        ({}, r"\[fit\] needs output=…"),
    ],
)
def test_a_wrong_name_type_or_gap_is_named(given, message):
    with pytest.raises(UsageError, match=message):
        configured(FitConfig, given, what="[fit]")
