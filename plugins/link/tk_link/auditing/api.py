"""`tk audit` as Python calls. Nothing heavy is imported until one is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tk.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from tk_link.auditing.estimate import Audit

SIZE = 50


def audit(
    pairs: object,
    judgements: Mapping[tuple[str, str], str],
    *,
    size: int = SIZE,
    precision: float | None = None,
    seed: int = 0,
) -> Audit:
    """Estimate precision and recall of a run from judgements of `sample_pairs`.

    Args:
        pairs: A frame or the path of a file: what ``link(pairs=True, all_pairs=True)`` returned, or
            ``tk link --pairs --all`` and ``tk dedupe --pairs FILE --all`` wrote.
        judgements: ``y``, ``n`` or ``u`` by left and right id as text. Only pairs of the sample
            count, because the others were not drawn at random.
        size: Pairs in the sample.
        precision: Wanted precision of the recommended cut; None makes F1 greatest.
        seed: Seed of the sample.

    Raises:
        InputError: The pairs cannot be understood, or no accepted one is judged.
        UsageError: An option is impossible.
    """
    check(size, precision, seed)
    from tk_link.api import table_of  # noqa: PLC0415 - see the module's docstring
    from tk_link.auditing.population import read_population  # noqa: PLC0415
    from tk_link.auditing.sample import draw_sample  # noqa: PLC0415
    from tk_link.auditing.verdicts import judged_audit  # noqa: PLC0415

    population = read_population(table_of(pairs, "the pairs"))
    sample = draw_sample(population, size, seed=seed)
    return judged_audit(population, sample, judgements, precision=precision, seed=seed)


def sample_pairs(pairs: object, *, size: int = SIZE, seed: int = 0) -> pl.DataFrame:
    """Return ``left_id, right_id, match_probability`` of the pairs to judge.

    Same pairs, size and seed, same sample; a larger one holds the smaller. Raises as `audit`.
    """
    check(size, None, seed)
    import polars as pl  # noqa: PLC0415 - see the module's docstring

    from tk_link.api import table_of  # noqa: PLC0415
    from tk_link.auditing.population import read_population  # noqa: PLC0415
    from tk_link.auditing.sample import draw_sample  # noqa: PLC0415

    population = read_population(table_of(pairs, "the pairs"))
    chosen = draw_sample(population, size, seed=seed)
    return pl.DataFrame(
        {
            "left_id": population.left[chosen],
            "right_id": population.right[chosen],
            "match_probability": population.probability[chosen],
        }
    )


def check(size: int, precision: float | None, seed: int) -> None:
    """Raise `UsageError` where an option is impossible."""
    if size < 1:
        raise UsageError(f"size is {size}; it must be 1 or more")
    if seed < 0:
        raise UsageError(f"seed is {seed}; it must be 0 or more")
    if precision is not None and not 0 < precision < 1:
        raise UsageError(f"precision is {precision}; it must lie between 0 and 1")
