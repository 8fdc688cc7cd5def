"""Build a model from a reference's tensors by the very path that users' checkpoints take."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from tk.checkpoints.loading import load_tensors
from tk.checkpoints.sizing import plain
from tk.nn import Model

Arguments = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def published(
    cls: type[Model], arguments: Arguments
) -> Callable[[Mapping[str, Any], Mapping[str, Tensor]], Model]:
    """Return a ``build`` for `assert_parity`: same renames, every tensor accounted for.

    It also sees that what `Model.config_from_state_dict` reads off the tensors is what the
    configuration says.

    Args:
        cls: The model.
        arguments: From the reference's configuration to the arguments of `cls`.
    """

    def build(config: Mapping[str, Any], params: Mapping[str, Tensor]) -> Model:
        wanted = dict(arguments(config))
        tensors = cls.convert(dict(params))
        model = load_tensors(cls, tensors, wanted, where="the case")
        used = model.options
        for option, value in cls.config_from_state_dict(tensors).items():
            said = f"the tensors say {option}={value!r}, the configuration {used[option]!r}"
            assert plain(value) == plain(used[option]), said
        return model

    return build


@contextmanager
def recorded(
    model: nn.Module, names: Mapping[str, str | tuple[str, int]]
) -> Iterator[dict[str, Tensor]]:
    """Record what submodules return while the block runs; for ``mid.*`` of a parity case.

    Args:
        model: Where they are.
        names: Path of the submodule (``blocks.0``) for every name to record it under, with the
            number of the output where it is not the first of several (``("blocks.0", 1)``). Of
            several calls the last is kept.
    """
    found: dict[str, Tensor] = {}

    def keep(name: str, number: int) -> Callable[[nn.Module, object, object], None]:
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            chosen = output[number] if isinstance(output, list | tuple) else output
            assert isinstance(chosen, Tensor), f"{name} is a {type(chosen).__name__}"
            found[name] = chosen

        return hook

    handles = []
    for name, place in names.items():
        path, number = (place, 0) if isinstance(place, str) else place
        handles.append(model.get_submodule(path).register_forward_hook(keep(name, number)))
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()
