import json

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tk.testing import assert_parity, parity_cases


class Line(nn.Module):
    """y = relu(x A^T) B^T, under other tensor names than the reference's."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(3, width, bias=False)
        self.second = nn.Linear(width, 2, bias=False)


def build(config, params, renames=(("a", "first.weight"), ("b", "second.weight"))):
    model = Line(config["hidden"])
    model.load_state_dict({ours: params[theirs] for theirs, ours in renames})
    return model


def run(model, inputs):
    hidden = torch.relu(model.first(inputs["x"]))
    return {"y": model.second(hidden), "mid.hidden": hidden}


@pytest.fixture
def case():
    generator = torch.Generator().manual_seed(7)
    a, b, x = (torch.randn(shape, generator=generator) for shape in ((5, 3), (2, 5), (4, 3)))
    hidden = torch.relu(x @ a.T)
    exact = torch.relu(x.double() @ a.double().T) @ b.double().T
    return {
        "param.a": a,
        "param.b": b,
        "input.x": x,
        "output.y": hidden @ b.T,
        "mid.hidden": hidden,
        "ref64.y": exact,
    }


@pytest.fixture
def save(tmp_path):
    def save(tensors):
        path = tmp_path / "line" / "case.safetensors"
        path.parent.mkdir(exist_ok=True)
        save_file(tensors, path, metadata={"config": json.dumps({"hidden": 5}), "system": "line"})
        return path

    return save


def test_an_equal_model_passes_and_its_differences_are_told(case, save):
    differences = assert_parity(save(case), build, run)
    assert differences.keys() == {"y", "mid.hidden", "ref64.y"}
    assert max(differences.values()) < 2e-5


@pytest.mark.parametrize(("name", "relative"), [("output.y", 4e-5), ("ref64.y", 2e-6)])
def test_a_difference_above_the_tolerance_fails_and_names_the_tensor(case, save, name, relative):
    case[name] = case[name] + relative * case[name].abs().max()
    with pytest.raises(AssertionError, match=r"line/case.safetensors in float\d\d .*y differs by"):
        assert_parity(save(case), build, run)


@pytest.mark.parametrize(("name", "relative"), [("output.y", 1e-5), ("ref64.y", 5e-7)])
def test_a_difference_within_the_tolerance_passes(case, save, name, relative):
    case[name] = case[name] + relative * case[name].abs().max()
    assert_parity(save(case), build, run)


def test_an_intermediate_result_is_compared_too(case, save):
    case["mid.hidden"] = case["mid.hidden"] + 1
    with pytest.raises(AssertionError, match=r"mid\.hidden differs"):
        assert_parity(save(case), build, run)


def test_swapped_parameters_fail(case, save):
    case["param.a"] = case["param.a"].flip(0)
    with pytest.raises(AssertionError, match="y differs"):
        assert_parity(save(case), build, run)


def test_not_a_number_fails(case, save):
    with pytest.raises(AssertionError, match="y differs by nan"):
        assert_parity(save(case), build, lambda m, i: {"y": run(m, i)["y"] * float("nan")})


def test_a_missing_output_and_another_shape_fail(case, save):
    with pytest.raises(AssertionError, match="y is not returned"):
        assert_parity(save(case), build, lambda m, i: {})
    with pytest.raises(AssertionError, match=r"y has shape \(2, 4\), not \(4, 2\)"):
        assert_parity(save(case), build, lambda m, i: {"y": run(m, i)["y"].T})


def test_an_all_zero_reference_demands_zeros(case, save):
    case = {name: torch.zeros_like(tensor) for name, tensor in case.items()}
    assert assert_parity(save(case), build, run)["y"] == 0
    with pytest.raises(AssertionError, match="y differs by inf"):
        assert_parity(save(case), build, lambda m, i: {"y": run(m, i)["y"] + 1e-9})


def test_the_cases_of_a_system_are_found(case, save, monkeypatch, tmp_path):
    path = save(case)
    monkeypatch.setenv("TK_PARITY_DIR", str(tmp_path))
    (found,) = parity_cases("line")
    assert found.values == (path,)
    assert parity_cases("line", only=lambda config: config["hidden"] == 5)[0].values == (path,)
    (skipped,) = parity_cases("line", only=lambda config: config["hidden"] == 6)
    assert "no such case of 'line'" in skipped.marks[0].kwargs["reason"]


def test_a_misspelt_system_fails_where_all_cases_are(monkeypatch, tmp_path):
    monkeypatch.delenv("TK_PARITY_DIR", raising=False)
    (tmp_path / "shared" / "parity").mkdir(parents=True)
    (tmp_path / "tk").mkdir()
    monkeypatch.chdir(tmp_path / "tk")
    with pytest.raises(AssertionError, match="no case of 'lien'"):
        parity_cases("lien")


def test_gradients_are_compared_where_the_case_has_them(case, save):
    case["grad.a"] = torch.ones(5, 3)

    def run_backward(model, inputs):
        output = run(model, inputs)
        (gradient,) = torch.autograd.grad(output["y"].sum(), model.first.weight)
        return {**output, "grad.a": gradient}

    with pytest.raises(AssertionError, match=r"grad\.a differs"):
        assert_parity(save(case), build, run_backward)
    model = build({"hidden": 5}, {n.removeprefix("param."): t for n, t in case.items()})
    case["grad.a"] = run_backward(model, {"x": case["input.x"]})["grad.a"]
    assert "grad.a" in assert_parity(save(case), build, run_backward)


def test_an_absent_folder_skips_with_a_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("TK_PARITY_DIR", str(tmp_path / "absent"))
    (found,) = parity_cases("line")
    assert "TK_PARITY_DIR" in found.marks[0].kwargs["reason"]
