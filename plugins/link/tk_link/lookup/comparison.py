"""One value against a few: what `tk_link.comparing` computes for columns, without its set-up.

The column functions take one to five milliseconds before they compare anything; ten such calls
are a lookup's whole time. A test holds both to the same numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date

from rapidfuzz.distance import OSA, JaroWinkler

from tk_link.comparing import dates, keys, names
from tk_link.fields import FieldType

Compare = Callable[[str, str], float]

_alike = OSA.normalized_similarity
_jaro = JaroWinkler.normalized_similarity
_LEAST_CONTAINED = 4
_EARTH_KM, _FAR_KM = 6371.0, 50.0
_PLACE = re.compile(r"(-?\d+(?:\.\d+)?)\s*[,; ]\s*(-?\d+(?:\.\d+)?)")


def name(a: str, b: str) -> float:
    """Compare names as `tk_link.comparing.names.similarity` does, but for how they sound."""
    score = _jaro(a, b)
    if " " in a or " " in b:
        score = max(score, _jaro(" ".join(sorted(a.split(" "))), " ".join(sorted(b.split(" ")))))
    if (a, b) in names.FORMS:
        score = max(score, names.SHORT_FORM)
    if (len(a) == 1) != (len(b) == 1) and a[0] == b[0]:
        score = max(score, names.INITIAL)
    return score


def code(a: str, b: str) -> float:
    """Compare codes as `tk_link.comparing.keys.code` does."""
    score = _alike(a, b)
    if min(len(a), len(b)) >= _LEAST_CONTAINED and (a in b or b in a):
        return max(score, keys.CONTAINED)
    return score


def phone(a: str, b: str) -> float:
    """Compare phone numbers as `tk_link.comparing.keys.phone` does."""
    return _alike(a[-keys.PHONE_DIGITS :], b[-keys.PHONE_DIGITS :])


def email(a: str, b: str) -> float:
    """Compare e-mail addresses as `tk_link.comparing.keys.email` does."""
    if a == b:
        return 1.0
    mailbox = _alike(a.split("@", 1)[0], b.split("@", 1)[0])
    return keys.SAME_MAILBOX if mailbox == 1.0 else 0.9 * mailbox


def day(a: str, b: str) -> float:
    """Compare ISO dates as `tk_link.comparing.dates.similarity` does columns of days."""
    if a == b:
        return 1.0
    slips = OSA.distance(a.replace("-", ""), b.replace("-", ""))
    score = {1: dates.ONE_SLIP, 2: dates.TWO_SLIPS}.get(slips, 0.05)
    first, second = date.fromisoformat(a), date.fromisoformat(b)
    same_year = first.year == second.year
    if same_year and (first.month, first.day) == (second.day, second.month):
        score = dates.SWAPPED
    if abs((first - second).days) <= 31:
        score = max(score, dates.NEAR)
    return max(score, dates.YEAR) if same_year else score


def year(a: str, b: str) -> float:
    """Compare ISO dates as `tk_link.comparing.dates.similarity` does columns of years."""
    apart = abs(date.fromisoformat(a).year - date.fromisoformat(b).year)
    return max(1.0 - 0.2 * apart, 0.05)


def ratio(a: str, b: str) -> float:
    """Compare numbers as `tk_link.comparing.quantities.number` does those of a wide column."""
    return near(a, b, max(abs(float(a)), abs(float(b)), 1e-9))


def near(a: str, b: str, scale: float) -> float:
    """Compare numbers as `tk_link.comparing.quantities.number` does those of a narrow column."""
    return min(max(1.0 - abs(float(a) - float(b)) / scale, 0.0), 1.0)


def place(a: str, b: str) -> float:
    """Compare ``latitude, longitude`` as `tk_link.comparing.quantities.place` does."""
    first, second = _PLACE.search(a), _PLACE.search(b)
    if first is None or second is None:
        return math.nan
    (lat1, lon1), (lat2, lon2) = (
        [math.radians(float(part)) for part in found.groups()] for found in (first, second)
    )
    h = math.sin((lat2 - lat1) / 2) ** 2
    h += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    km = 2 * _EARTH_KM * math.asin(math.sqrt(min(h, 1.0)))
    return max(1.0 - math.log1p(km) / math.log1p(_FAR_KM), 0.0)


COMPARE: dict[FieldType, Compare] = {
    "name": name,
    "code": code,
    "phone": phone,
    "email": email,
    "date": day,
    "number": ratio,
    "geo": place,
}
"""The types that are compared value by value; all others by the cosine of their 3-grams."""
