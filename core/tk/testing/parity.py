"""Assert that a model computes what its published implementation computes.

A case file holds, for one small configuration, ``param.<reference tensor name>``, ``input.*`` and
``output.*`` (with ``mid.*``, ``loss`` or ``loss.*``, and ``ref64.*`` where given), and in its
metadata the configuration in the reference's own terms.
"""

import json
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import torch
from safetensors import safe_open
from torch import Tensor, nn

M = TypeVar("M")
Build = Callable[[Mapping[str, Any], Mapping[str, Tensor]], M]
Run = Callable[[M, Mapping[str, Tensor]], Mapping[str, Tensor]]

TOLERANCE_32 = 2e-5
TOLERANCE_64 = 1e-6
"""Largest allowed difference, relative to the largest value of the reference's tensor."""


def parity_cases(system: str) -> list[Any]:
    """List the case files of `system` for `pytest.mark.parametrize`.

    Looks in ``TK_PARITY_DIR``, by default ``../shared/parity``. Where that folder is absent the
    only case is one that is skipped.
    """
    root = Path(os.environ.get("TK_PARITY_DIR", "../shared/parity"))
    if not root.is_dir():
        skip = pytest.mark.skip(reason=f"no reference cases: {root} is no folder (TK_PARITY_DIR)")
        return [pytest.param(None, id="absent", marks=skip)]
    paths = sorted((root / system).glob("case*.safetensors"))
    assert paths, f"no case of {system!r} in {root}"
    return [pytest.param(path, id=path.stem) for path in paths]


def assert_parity(path: Path, build: Build[M], run: Run[M]) -> dict[str, float]:
    """Compare every output of a case, in float32 and, where it has ``ref64.*``, in float64.

    Args:
        path: The case file.
        build: Makes the model from the configuration in the reference's terms and the parameters
            by reference tensor name, which must go through the same renames as users' checkpoints.
            A module is put into eval mode and, for ``ref64.*``, converted to float64.
        run: Runs the model on the inputs and returns tensors by name: ``sr`` for ``output.sr``;
            ``mid.*``, ``loss`` and ``loss.*`` by their full name, compared where it returns them.

    Returns:
        The difference of every compared tensor, relative to the largest value of the reference's.

    Raises:
        AssertionError: A tensor differs by more than the tolerance or has another shape, or an
            output is missing. Names all of them.
    """
    with safe_open(path, framework="pt") as file:
        config = json.loads(file.metadata()["config"])
        case = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    model, inputs = build(config, _under("param", case)), _under("input", case)
    if isinstance(model, nn.Module):
        model.eval()
    outputs = _under("output", case)
    also = {n: t for n, t in case.items() if n == "loss" or n.startswith(("loss.", "mid."))}
    single = _Comparison(path, "float32", TOLERANCE_32, required=outputs)
    differences = single.check({**outputs, **also}, _run(model, run, inputs))
    exact = _under("ref64", case)
    if exact:
        model = model.double() if isinstance(model, nn.Module) else model
        inputs = {n: t.double() if t.is_floating_point() else t for n, t in inputs.items()}
        double = _Comparison(path, "float64", TOLERANCE_64, required=outputs.keys() & exact.keys())
        found = double.check(exact, _run(model, run, inputs))
        differences |= {f"ref64.{name}": value for name, value in found.items()}
    return differences


@dataclass(frozen=True)
class _Comparison:
    """One run of a case against the reference's tensors."""

    path: Path
    dtype: str
    tolerance: float
    required: Collection[str]

    def check(self, wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> dict[str, float]:
        faults = [f"{name} is not returned" for name in sorted(set(self.required) - set(found))]
        differences = {}
        for name in sorted(found.keys() & wanted.keys()):
            ours, theirs = found[name].double(), wanted[name].double()
            if ours.shape != theirs.shape:
                faults.append(f"{name} has shape {tuple(ours.shape)}, not {tuple(theirs.shape)}")
                continue
            differences[name] = difference = _relative(ours, theirs)
            if not difference <= self.tolerance:  # so that NaN fails
                faults.append(f"{name} differs by {difference:.2e} of its largest value")
        where = f"{self.path.parent.name}/{self.path.name} in {self.dtype}"
        assert not faults, f"{where} (at most {self.tolerance:.0e}): {'; '.join(faults)}"
        return differences


def _relative(ours: Tensor, theirs: Tensor) -> float:
    """Return max |ours - theirs| / max |theirs|; equal tensors, empty or zero, differ by 0."""
    if torch.equal(ours, theirs):
        return 0.0
    return float((ours - theirs).abs().max() / theirs.abs().max())


def _run(model: M, run: Run[M], inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    with torch.no_grad():
        return run(model, inputs)


def _under(prefix: str, case: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {name.removeprefix(start): t for name, t in case.items() if name.startswith(start)}
