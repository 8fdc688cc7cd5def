"""What stands on the page of a run, as data; every text in it may hold anything a cell can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tk.charts import Chart


@dataclass(frozen=True)
class Figure:
    """One number of the summary, with what it counts."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True)
class Part:
    """A share of the rows: what became of them, in a word, and what the word means."""

    name: str
    count: int
    share: float
    meaning: str


@dataclass(frozen=True)
class Input:
    """A table of the run."""

    role: str
    name: str
    rows: int
    columns: int
    id: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Compared:
    """A compared column pair, and the bits that it can take away and add at most.

    Attributes:
        left: Column of the left table.
        right: Column of the right table, the same one where a table is compared with itself.
        type: How values are compared.
        why: How the two were found to belong together.
        least: Bits of the worst disagreement, or None where the run did not count the column.
        most: Bits of full agreement, likewise.
    """

    left: str
    right: str
    type: str
    why: str
    least: float | None
    most: float | None


@dataclass(frozen=True)
class LeftOut:
    """A column that took no part."""

    table: str
    column: str
    reason: str


@dataclass(frozen=True)
class Step:
    """One piece of evidence about a pair.

    Attributes:
        name: Column or comparison, or ``prior``.
        bits: What it adds; None where a value is missing.
        start: Sum of bits before it.
        alike: Similarity, 0..1; None where missing or where nothing is compared.
        left: Cell of the left row, empty where the evidence is no single column.
        right: Cell of the right row.
    """

    name: str
    bits: float | None
    start: float
    alike: float | None = None
    left: str = ""
    right: str = ""


@dataclass(frozen=True)
class Example:
    """One pair, and why it scored as it did.

    Attributes:
        title: What it is an example of.
        verdict: What was decided, in words.
        names: What the two rows are called.
        steps: Prior first, then evidence, strongest first, then what only one row has.
        missing: What neither row has.
        score: Sum of the bits.
        low: Lowest sum on the way, for the waterfall.
        high: Highest sum on the way.
    """

    title: str
    verdict: str
    names: tuple[str, str]
    steps: tuple[Step, ...]
    missing: tuple[str, ...]
    score: float
    low: float
    high: float


@dataclass(frozen=True)
class CloseCall:
    """A pair near the cut, with some cells of both rows."""

    probability: float
    verdict: str
    left: tuple[str, ...]
    right: tuple[str, ...]


@dataclass(frozen=True)
class Cut:
    """What a cut would come to: pairs, and their estimated precision and recall, 0..1."""

    at: float
    pairs: int
    precision: float
    recall: float
    is_chosen: bool = False


@dataclass(frozen=True)
class Cluster:
    """One cluster and some of its rows, each as cells of the compared columns."""

    name: str
    size: int
    confidence: float
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Clusters:
    """Clusters worth a look, and what their rows' cells are called."""

    columns: tuple[str, ...]
    largest: tuple[Cluster, ...]
    weakest: tuple[Cluster, ...]


@dataclass(frozen=True)
class Stage:
    """Seconds that a stage took, and its share of them all."""

    name: str
    seconds: float
    share: float


@dataclass(frozen=True)
class Recipe:
    """A text to copy that repeats the run."""

    name: str
    text: str


@dataclass(frozen=True)
class Page:
    """Everything on the page, in its order.

    Attributes:
        kind: Whether two tables were linked or one was searched.
        title: The tables.
        headline: The outcome in a sentence.
        figures: The numbers to remember.
        warnings: What to know before trusting the result.
        parts: What became of the rows.
        inputs: The tables.
        compared: The compared columns.
        more_compared: How many further ones there are.
        left_out: Columns that took no part.
        more_left_out: How many further ones there are.
        decided: How the run decided, label and words.
        charts: Score distribution and threshold curve; none where no pair comes near a match.
        cuts: The threshold curve in numbers.
        cuts_note: How the estimates come about, and what they leave out.
        examples: Pairs taken apart.
        close_calls: The pairs nearest the cut.
        clusters: Clusters worth a look, where rows were clustered.
        timings: Stages.
        recipes: How to repeat the run.
        made: When, by which versions.
    """

    kind: Literal["link", "dedupe"]
    title: str
    headline: str
    figures: tuple[Figure, ...]
    warnings: tuple[str, ...]
    parts: tuple[Part, ...]
    inputs: tuple[Input, ...]
    compared: tuple[Compared, ...]
    more_compared: int
    left_out: tuple[LeftOut, ...]
    more_left_out: int
    decided: tuple[tuple[str, str], ...]
    charts: tuple[Chart, ...]
    cuts: tuple[Cut, ...]
    cuts_note: str
    examples: tuple[Example, ...]
    close_calls: tuple[CloseCall, ...]
    clusters: Clusters | None
    timings: tuple[Stage, ...]
    recipes: tuple[Recipe, ...]
    made: str
