"""Assert that a model computes what its published implementation computes.

A case file holds, for one small configuration, ``param.<reference tensor name>``, ``input.*`` and
``output.*`` (with ``mid.*``, ``loss`` or ``loss.*``, ``grad.*`` and ``ref64.*`` where given), and
in its metadata the configuration in the reference's own terms.
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

_DEFAULT = Path("../shared/parity")
_ALSO = ("mid", "loss", "grad")

TOLERANCE_32 = 2e-5
TOLERANCE_64 = 1e-6
"""Largest allowed difference, relative to the largest value of the reference's tensor."""


@dataclass(frozen=True)
class Case:
    """What a case file holds.

    Attributes:
        path: The file.
        config: The configuration, in the reference's terms.
        metadata: Everything the file says of itself: ``reference``, ``notes``, ``seed``, ….
        tensors: By full name.
    """

    path: Path
    config: Mapping[str, Any]
    metadata: Mapping[str, str]
    tensors: Mapping[str, Tensor]

    def under(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors called ``prefix.*``, without the prefix."""
        start = f"{prefix}."
        named = self.tensors.items()
        return {name.removeprefix(start): t for name, t in named if name.startswith(start)}


def read_case(path: Path) -> Case:
    """Read a case file whole, for what `build` and `run` do not get: other metadata, losses."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    return Case(path, json.loads(metadata["config"]), metadata, tensors)


def parity_cases(
    system: str, *, only: Callable[[Mapping[str, Any]], bool] | None = None
) -> list[Any]:
    """List the case files of `system` for `pytest.mark.parametrize`.

    Looks in ``TK_PARITY_DIR``, by default ``../shared/parity``. Where there is none the only case
    is one that is skipped.

    Args:
        system: Name of the folder.
        only: Says by its configuration whether a case belongs to the test; for systems whose
            files hold different models. Some test must take every case.
    """
    root = Path(os.environ.get("TK_PARITY_DIR") or _DEFAULT)
    if not root.is_dir():
        return [_absent(f"{root} is no folder (TK_PARITY_DIR)")]
    paths = sorted((root / system).glob("*.safetensors"))
    assert paths or root != _DEFAULT, f"no case of {system!r} in {root}"
    if only is not None:
        paths = [path for path in paths if only(_config(path))]
    cases = [pytest.param(path, id=path.stem) for path in paths]
    return cases or [_absent(f"{root} has no such case of {system!r}")]


def assert_parity(path: Path, build: Build[M], run: Run[M]) -> dict[str, float]:
    """Compare every output of a case, in float32 and, where it has ``ref64.*``, in float64.

    Args:
        path: The case file.
        build: Makes the model from the configuration in the reference's terms and the parameters
            by reference tensor name; `published` makes it for a `tk.nn.Model`. A module is put
            into eval mode and, for ``ref64.*``, converted to float64.
        run: Runs the model on the inputs and returns tensors by name: ``sr`` for ``output.sr``;
            ``mid.*``, ``loss``, ``loss.*`` and ``grad.*`` by their full name, compared where it
            returns them. It runs without gradients except where the case has ``grad.*``.

    Returns:
        The difference of every compared tensor, relative to the largest value of the reference's.

    Raises:
        AssertionError: A tensor differs by more than the tolerance or has another shape, or an
            output is missing. Names all of them.
    """
    case = read_case(path)
    model, inputs = build(case.config, case.under("param")), case.under("input")
    if isinstance(model, nn.Module):
        model.eval()
    outputs, exact = case.under("output"), case.under("ref64")
    also = {n: t for n, t in case.tensors.items() if n.partition(".")[0] in _ALSO}
    has_gradients = any(name.startswith("grad.") for name in case.tensors)
    with torch.set_grad_enabled(has_gradients):
        single = _Comparison(path, "float32", TOLERANCE_32, required=outputs)
        differences = single.check({**outputs, **also}, run(model, inputs))
        if exact:
            model = model.double() if isinstance(model, nn.Module) else model
            inputs = {n: t.double() if t.is_floating_point() else t for n, t in inputs.items()}
            required = outputs.keys() & exact.keys()
            double = _Comparison(path, "float64", TOLERANCE_64, required=required)
            found = double.check(exact, run(model, inputs))
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


def _config(path: Path) -> Mapping[str, Any]:
    with safe_open(path, framework="pt") as file:
        config: Mapping[str, Any] = json.loads(file.metadata()["config"])
    return config


def _absent(reason: str) -> Any:  # noqa: ANN401 - pytest gives its parameters no public type
    skip = pytest.mark.skip(reason=f"no reference cases: {reason}")
    return pytest.param(None, id="absent", marks=skip)
