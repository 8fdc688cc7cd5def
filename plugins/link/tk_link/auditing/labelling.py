"""Judging pairs in the terminal, one key for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tk_link.auditing.judgements import Journal, Judgement, Pair

KEYS = "(y)es  (n)o  (u)nsure  (p)revious  (f)inished"


def judge(
    pairs: Sequence[Pair],
    journal: Journal,
    *,
    card: Callable[[int], Sequence[str]],
    key: Callable[[], str],
    say: Callable[[str], None],
) -> int:
    """Ask about each pair that is not judged; keep every answer before the next question.

    Args:
        pairs: The pairs in the order in which they are asked.
        journal: Where answers go; pairs that it holds are not asked again, but ``p`` goes back
            to them.
        card: Gives the lines that show a pair, by its place in `pairs`.
        key: Waits for one key.
        say: Shows a line.

    Returns:
        How many answers were given.
    """
    known = journal.read()
    at, answers = _next(pairs, known, 0), 0
    while at < len(pairs):
        done = sum(pair in known for pair in pairs)
        say(f"\n{done + 1 - (pairs[at] in known)} of {len(pairs)}")
        for line in card(at):
            say(line)
        before = f"  [{known[pairs[at]]}]" if pairs[at] in known else ""
        say(f"the same? {KEYS}{before}")
        pressed = key().lower()
        if pressed == "f":
            break
        if pressed == "p":
            at = max(at - 1, 0)
        elif pressed in ("y", "n", "u"):
            judgement: Judgement = "y" if pressed == "y" else "n" if pressed == "n" else "u"
            journal.append({pairs[at]: judgement})
            known[pairs[at]] = judgement
            answers += 1
            at = _next(pairs, known, at + 1)
        else:
            say(f"{pressed!r} is no answer; press one of y, n, u, p, f")
    return answers


def _next(pairs: Sequence[Pair], known: dict[Pair, Judgement], start: int) -> int:
    """Return the place of the next pair without judgement from `start` on, else of the first."""
    open_ = [at for at, pair in enumerate(pairs) if pair not in known]
    return next((at for at in open_ if at >= start), open_[0] if open_ else len(pairs))
