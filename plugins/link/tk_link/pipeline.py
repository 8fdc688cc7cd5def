"""The stages of a linkage, in the order in which data flows through them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link import candidates, cardinality, decisions, explain, guard, lookalikes, retrieval, rules
from tk_link.asking import Asking
from tk_link.candidates import Candidates, Pairs
from tk_link.comparing import described
from tk_link.comparing.features import Features, compare
from tk_link.config import LinkConfig
from tk_link.decisions import Decision
from tk_link.dense import Meaning
from tk_link.guard import Guard
from tk_link.judging import links
from tk_link.judging.earlier_links import EarlierLinks
from tk_link.judging.judged import Judged
from tk_link.judging.links import Bound
from tk_link.linkage import ACCEPTED, Cardinality, Linkage
from tk_link.plan import Plan, plan_rest, prepare, threads_of
from tk_link.profile import Profile
from tk_link.progress import Progress
from tk_link.scoring.model import Model
from tk_link.scoring.sampling import draw_links
from tk_link.scoring.score import Ask, Scores, score
from tk_link.tables import Table

_FEW_MATCHES = 20
_FEW_SHARE, _UNSURE = 0.2, 0.85
"""Accepted pairs of a smaller share of the rows, and less sure on average, are warned of."""


@dataclass(frozen=True)
class Run:
    """Everything a run computed, for those who look closer than at its `Linkage`.

    ``free`` are the pairs that it would have, where it keeps earlier ones.
    """

    linkage: Linkage
    pairs: Pairs
    features: Features
    scores: Scores
    guard: Guard
    bound: Bound
    free: pl.DataFrame | None = None


@dataclass
class Clock:
    """Seconds per stage, told to whoever watches."""

    progress: Progress | None
    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block under a name."""
        if self.progress is not None:
            self.progress.stage(name)
        start = time.perf_counter()
        yield
        self.timings[name] = self.timings.get(name, 0.0) + time.perf_counter() - start


def run(
    left: Table, right: Table, config: LinkConfig, *, progress: Progress | None = None
) -> Linkage:
    """Link two tables.

    Raises:
        InputError: A table is empty, no columns correspond, or a rule names a column not compared.
        QualityError: The precision asked for cannot be reached.
    """
    return run_closely(left, right, config, progress=progress).linkage


def run_closely(
    left: Table,
    right: Table,
    config: LinkConfig,
    *,
    progress: Progress | None = None,
    model: Model | None = None,
    judged: Judged | None = None,
    earlier: EarlierLinks | None = None,
) -> Run:
    """Link two tables and keep what every stage computed. Raises as `run`.

    With ``model``, score by what it learnt before instead of learning from these tables. With
    ``judged``, the links obey these judgements; with ``earlier``, those links stay.
    """
    clock = Clock(progress)
    start = time.perf_counter()
    with clock.stage("columns"):
        left, right, profiles, aligned = prepare(left, right, config)
    with clock.stage("candidates"):
        plan = plan_rest(left, right, profiles, aligned, config, since=start)
    meaning = None
    if plan.choice.retrieval != "lexical":
        with clock.stage("meaning"):
            k = config.k or candidates.K
            meaning = retrieval.find_meaning(
                left, right, plan.views, config, k=k, progress=progress
            )
    with clock.stage("candidates"):
        found = _candidates(left, right, plan, config, meaning)
        found = _with_linked(found, judged, earlier)
    with clock.stage("comparing"):
        threads = threads_of(config.threads)
        features = compare(left, right, plan.fields, plan.views, found, threads=threads)

    texts = described.texts(left, right, plan.fields, plan.views.identifying_field)
    years = described.years(left, right, plan.fields)
    find = partial(
        lookalikes.find,
        left,
        right,
        plan.fields,
        plan.views,
        search=plan.search,
        features=features,
        threads=threads,
        seed=config.seed,
    )
    may_ask = _may_ask(plan, config)
    alike = Asking(found.pairs, config.how, texts, years, find) if may_ask else None
    with clock.stage("scoring"):
        how, reason, scores = score_as_asked(features, found.pairs, config, model, lookalikes=alike)
    with clock.stage("deciding"):
        pairs, bound = found.pairs, links.unbound(len(found.pairs))
        verdict = guard.inspect(texts, years, pairs, scores, how)
        if judged:
            bound = links.bind(pairs, judged, how)
            verdict = links.overruled(verdict, bound)
        learn = model is None
        scores = guard.heeded(
            verdict,
            scores,
            features,
            pairs,
            how,
            seed=config.seed,
            learn=learn,
            lookalikes=alike and alike.answer,
        )
        if judged:
            scores = links.heeded(scores, pairs, how, bound, barred=verdict.is_barred)
        decision = decisions.decide(
            pairs, features, scores, how, config, guard=verdict, bound=bound
        )
        free = decision.pairs if earlier is not None else None
        if earlier is not None:
            bound = earlier.bind(pairs, bound, how)
            verdict = links.overruled(verdict, bound)
            decision = decisions.decide(
                pairs, features, scores, how, config, guard=verdict, bound=bound, earlier=earlier
            )
        chances = np.where(bound.is_open & ~verdict.is_barred, scores.probability, 0.0)
        drawn = None
        if config.draws:
            drawn = draw_sets(pairs, chances, bound, how, draws=config.draws, seed=config.seed)
        shown, form = decision.positions, config.explain
        why = explain.explain(features, scores, verdict, shown, form, bound=bound)
    linkage = Linkage(
        fields=plan.fields,
        skipped=plan.skipped,
        left_id=config.left_id or _id_column(profiles[0]),
        right_id=config.right_id or _id_column(profiles[1]),
        pairs=decision.pairs.hstack(why),
        candidates=len(found.pairs),
        recall=found.recall,
        how=how,
        how_reason=reason,
        cut=decision.cut,
        cut_reason=decision.cut_reason,
        precision=decision.precision,
        precision_range=decision.precision_range,
        variants=_variants(decision, verdict),
        draws=drawn,
        choice=plan.choice,
        retrieval_notes=meaning.view.notes if meaning is not None else (),
        timings=clock.timings,
        warnings=plan.choice.warnings
        + _warnings(
            decision.pairs.filter(pl.col("match_status").is_in(ACCEPTED)),
            min(len(left), len(right)),
        )
        + (_several_partners(judged, how) if judged else ()),
        judged=judged.counts if judged is not None else None,
    )
    return Run(linkage, pairs, features, scores, verdict, bound, free)


def _candidates(
    left: Table, right: Table, plan: Plan, config: LinkConfig, meaning: Meaning | None
) -> Candidates:
    fields = plan.fields
    found = candidates.find(
        left,
        right,
        fields,
        plan.views,
        k=config.k or candidates.K,
        block=[[rules.field_of(c, fields, "--block") for c in group] for group in config.block],
        threads=threads_of(config.threads),
        search=plan.search,
        meaning=meaning,
        by_letters=plan.choice.retrieval != "dense",
    )
    if not config.require and not config.forbid_conflict:
        return found
    obeying = rules.allowed(
        left,
        right,
        found.pairs,
        require=[rules.field_of(c, fields, "--require") for c in config.require],
        forbid_conflict=[
            rules.field_of(c, fields, "--forbid-conflict") for c in config.forbid_conflict
        ],
    )
    return replace(found, pairs=found.pairs.only(obeying))


def _with_linked(
    found: Candidates, judged: Judged | None, earlier: EarlierLinks | None
) -> Candidates:
    """Return candidates with the pairs among them that are linked whatever they say."""
    rows = [] if judged is None else [judged.same]
    rows += [] if earlier is None else [earlier.links]
    if not sum(map(len, rows)):
        return found
    return replace(found, pairs=links.with_these(found.pairs, np.concatenate(rows)))


def _may_ask(plan: Plan, config: LinkConfig) -> bool:
    """Tell whether rows of one table can be compared as candidates are.

    Meaning is known of candidates alone, and rows of one table need not obey a rule of two tables.
    """
    ruled = config.block or config.require or config.forbid_conflict
    return plan.choice.retrieval == "lexical" and not ruled


def score_as_asked(
    features: Features,
    pairs: Pairs,
    config: LinkConfig,
    model: Model | None = None,
    *,
    lookalikes: Ask | None = None,
) -> tuple[Cardinality, str, Scores]:
    """Return the cardinality that is asked for or fits the data, why, and scores by it."""

    def by(how: Cardinality) -> Scores:
        return score(features, pairs, how, seed=config.seed, model=model, lookalikes=lookalikes)

    if config.how != "auto":
        return config.how, "--how", by(config.how)
    scores = by("1:1")
    how, reason = cardinality.choose(pairs, scores)
    return how, reason, scores if how == "1:1" else by(how)


def _variants(decision: Decision, verdict: Guard) -> dict[str, int]:
    """Count the variants shown by what tells them apart, most frequent first."""
    is_variant = (decision.pairs["match_status"] == "variant").to_numpy()
    notes = verdict.note.gather(decision.positions[is_variant])
    kinds = notes.str.extract(r"^(.+?): [^:]* \| ", 1).value_counts(sort=True)
    return {str(kind): int(count) for kind, count in kinds.iter_rows()}


def draw_sets(
    pairs: Pairs,
    chances: NDArray[np.float64],
    bound: Bound,
    how: Cardinality,
    *,
    draws: int,
    seed: int,
) -> pl.DataFrame:
    """Return `Linkage.draws`, which all hold the pairs judged the same."""
    certain = np.maximum(chances, bound.is_same)
    sets = draw_links(pairs, chances, how, draws=draws, seed=seed)
    sets = [np.union1d(found, np.flatnonzero(bound.is_same)) for found in sets]
    at = np.concatenate(sets)
    return pl.DataFrame(
        {
            "draw": np.repeat(np.arange(1, len(sets) + 1), [len(found) for found in sets]),
            "left_row": pairs.left[at].astype(np.int64),
            "right_row": pairs.right[at].astype(np.int64),
            "match_probability": certain[at],
        }
    )


def _several_partners(judged: Judged, how: Cardinality) -> tuple[str, ...]:
    """Say which judgements a cardinality would not allow."""
    found = links.beyond(judged, how)
    if not found:
        return ()
    side, row, partners = found[0]
    other = "right" if side == "left" else "left"
    more = f", and {len(found) - 1:,} more such" if len(found) > 1 else ""
    return (
        f"{side} row {row} has {other} rows {', '.join(map(str, partners[:3]))} by judgement{more},"
        f" though partners are {how}: all of them stand; judge the wrong ones n, or say how many "
        "partners a row may have (--how)",
    )


def _id_column(profiles: dict[str, Profile]) -> str | None:
    return next((name for name, found in profiles.items() if found.role == "id"), None)


def _warnings(accepted: pl.DataFrame, rows: int) -> tuple[str, ...]:
    out = []
    if 0 < len(accepted) < _FEW_MATCHES:
        out.append(
            f"only {len(accepted)} pairs were accepted: probabilities rest on few examples; "
            "look at the pairs before you use them"
        )
    certainty = accepted["match_probability"].to_numpy()
    if 0 < len(accepted) < _FEW_SHARE * rows and certainty.mean() < _UNSURE:
        out.append(
            f"few rows match ({len(accepted) / rows:.0%}) and they do not stand out (mean "
            f"probability {certainty.mean():.2f}): the tables may have little in common; use "
            "--min-prob 0.9, or compare columns that tell rows apart (--on)"
        )
    return tuple(out)
