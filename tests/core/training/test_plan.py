import pytest
import torch

from tk import InputError, NotFoundError, UsageError, discover
from tk.training.plan import make_plan, merged, parse_settings, read_tables, recorded_tables

FIT = {"fit": {"output": "run"}}


def test_the_task_says_what_every_model_must_know(shapes):
    plan = make_plan(discover(), "shapes", FIT)
    assert plan.model == "vit-tiny-28"
    assert plan.options == {"image": 28, "channels": 1, "num_classes": 3}
    model = plan.build(discover())
    assert model(torch.zeros(1, 1, 28, 28)).shape == (1, 3)


def test_weights_come_from_the_seed(shapes):
    first, same, other = (
        make_plan(discover(), "shapes", {"fit": {"output": "run", "seed": seed}}).build(discover())
        for seed in (1, 1, 2)
    )
    assert torch.equal(first.cls_token, same.cls_token)
    assert not torch.equal(first.cls_token, other.cls_token)


def test_a_fine_tuning_starts_from_a_checkpoint(shapes, tmp_path):
    make_plan(discover(), "shapes", FIT).build(discover()).save_pretrained(tmp_path)
    tables = merged(FIT, {"model": {"num_classes": 5}})
    model = make_plan(discover(), "shapes", tables).build(
        discover(), checkpoint=str(tmp_path), fresh=["head.*"]
    )
    assert model.options["num_classes"] == 5


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"fit": {"epohcs": 3}}, "fit: option 'epohcs' not found; did you mean 'epochs'"),
        ({"task": {"noize": 3}}, "task 'shapes/shapes': option 'noize' .* mean 'noise'"),
        ({"model": {"name": "vit-tinny"}}, "model 'vit-tinny' not found; did you mean"),
        ({"fits": {"epochs": 3}}, "the configuration: option 'fits' not found; .* 'fit'"),
    ],
)
def test_a_wrong_name_gets_the_nearest_before_anything_runs(shapes, tables, message):
    with pytest.raises(NotFoundError, match=message):
        make_plan(discover(), "shapes", merged(FIT, tables))


def test_settings_are_toml_values_or_plain_text():
    words = ["task.noise=0.3", "fit.betas=[0.9, 0.95]", "model.name = vit-tiny", "task.big=true"]
    assert parse_settings(words) == {
        "task": {"noise": 0.3, "big": True},
        "fit": {"betas": [0.9, 0.95]},
        "model": {"name": "vit-tiny"},
    }
    for word in ("epochs=3", "fit.epochs", "fit.=3"):
        with pytest.raises(UsageError, match=r"must look like task\.option=value"):
            parse_settings([word])


def test_a_file_has_tables_only(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text("[fit]\nepochs = 3")
    assert read_tables(path) == {"fit": {"epochs": 3}}
    path.write_text("epochs = 3")
    with pytest.raises(InputError, match="epochs stands in no table"):
        read_tables(path)
    path.write_text("[fit")
    with pytest.raises(InputError, match=r"c\.toml cannot be read"):
        read_tables(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_tables(tmp_path / "none.toml")


def test_a_record_gives_back_the_options_of_its_run():
    record = {
        "task": {"class": "Shapes", "options": {"noise": 0.3}},
        "model": {"architecture": "shapes/vit", "options": {"dim": 8}},
        "config": {"epochs": 3},
    }
    assert recorded_tables(record) == {
        "task": {"noise": 0.3},
        "model": {"name": "shapes/vit", "dim": 8},
        "fit": {"epochs": 3},
    }
    assert recorded_tables({}) == {}
