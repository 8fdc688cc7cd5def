"""Person names: typing errors, changed order, initials and short forms."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from tk_link.candidates import Pairs
from tk_link.comparing.sounds import sounds

SHORT_FORM, SWAPPED, SOUND, INITIAL = 0.9, 0.9, 0.87, 0.85
_CROSSED = 0.88
"""Least similarity, crosswise, of a first and a last name that stand in each other's column."""
_SHORT_FORMS = """
abigail abby gail|albert al bert|alexander alex al sandy xander|alexandra alex sandra sandy
alfred al alf fred|amanda mandy|andrew andy drew|anthony tony|arthur art|barbara barb babs
benjamin ben benny|bernard bernie|bradley brad|calvin cal|catherine cathy kate katie cat cath
charles charlie chuck chas|christina chris tina|christine chris tina|christopher chris kit
clifford cliff|cynthia cindy|daniel dan danny|david dave davy|deborah deb debbie debra
dennis den|donald don donnie|dorothy dot dolly|douglas doug|edward ed eddie ted ned teddy
eleanor ellie nell nora|elizabeth liz beth betty eliza lizzie libby bess|emily em emmy
ernest ernie|eugene gene|frances fran|francis frank fran|frederick fred freddie rick|gabriel gabe
geoffrey geoff jeff|george georgie|gerald gerry jerry|gerard gerry|gregory greg|harold harry hal
henry harry hank|herbert herb bert|isabella bella izzy|jacob jake|jacqueline jackie|james jim jimmy
jamie|janet jan|jason jay|jeffrey jeff|jennifer jen jenny jenn|jessica jess jessie|joan joanie
john jack johnny jon|jonathan jon jonny|joseph joe joey|joshua josh|judith judy|katherine kate
kathy katie kat|kathleen kathy kate|kenneth ken kenny|kimberly kim|lawrence larry|leonard len lenny
leo|leslie les|lillian lily|louis lou|lucille lucy|margaret maggie meg peggy marge margie rita
martin marty|matthew matt|melissa mel|michael mike mick mickey|michelle shelly|nancy nan|natalie nat
nathaniel nat nate|nathan nate|nicholas nick nicky|norman norm|pamela pam|patricia pat patty trish
tricia|patrick pat paddy|peter pete|philip phil|phillip phil|rachel rae|randolph randy|raymond ray
rebecca becky becca|reginald reg|richard rick dick rich ricky|robert bob rob bobby robbie bert
roderick rod|rodney rod|ronald ron ronnie|rosemary rose|russell russ|samantha sam|samuel sam sammy
sandra sandy|sarah sally sadie|stanley stan|stephanie steph|stephen steve stevie|steven steve stevie
stuart stu|susan sue suzie susie|suzanne sue suzy|terence terry|teresa terry tess|theodore ted theo
theresa terry tess|thomas tom tommy|timothy tim timmy|tobias toby|valerie val|victor vic
victoria vicky vicki tori|vincent vince|virginia ginny|walter walt wally|wesley wes
wilfred will fred|william bill will billy willy liam|zachary zach zack
"""


def _pairs_of_forms() -> frozenset[tuple[str, str]]:
    out: set[tuple[str, str]] = set()
    for group in " ".join(_SHORT_FORMS.split("\n")).split("|"):
        names = group.split()
        out.update((a, b) for a in names for b in names if a != b)
    return frozenset(out)


def similarity(
    left: pl.Series, right: pl.Series, pairs: Pairs, *, threads: int = 1
) -> NDArray[np.float32]:
    """Compare names already normalised by `tk_link.normalise.text`.

    The best of: Jaro-Winkler as written, Jaro-Winkler with the words in alphabetical order, .9 for
    a known English short form (``William`` / ``Bill``), .87 for one sound (``Meyer`` / ``Maier``),
    .85 for an initial. NaN where missing.
    """
    a, b = left.gather(pairs.left), right.gather(pairs.right)
    score = _compare(a.fill_null(""), b.fill_null(""), threads)
    score[(a.is_null() | b.is_null()).to_numpy()] = np.nan
    return score


def uncross(
    similar: tuple[NDArray[np.float32], NDArray[np.float32]],
    first: tuple[pl.Series, pl.Series],
    last: tuple[pl.Series, pl.Series],
    pairs: Pairs,
    *,
    threads: int = 1,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Raise both similarities to .9 where first and last name stand in each other's column.

    Args:
        similar: Similarities of the first and of the last names.
        first: First names of the left and the right table.
        last: Last names likewise.
        pairs: The pairs. Those whose initials do not agree crosswise are not looked at.
        threads: Threads of the comparison.
    """
    straight = np.nan_to_num(similar[0]) + np.nan_to_num(similar[1])
    chosen = straight < 2 * SWAPPED
    for a, b in ((first[0], last[1]), (last[0], first[1])):
        initials = pl.concat([a, b]).str.slice(0, 1).cast(pl.Categorical).to_physical()
        initial = initials.cast(pl.Int64).fill_null(-1).to_numpy()
        one, other = initial[: len(a)][pairs.left], initial[len(a) :][pairs.right]
        chosen &= (one == other) & (one >= 0)
    rest = pairs.only(chosen)
    crossed = np.zeros(len(pairs), dtype=np.float32)
    across = (
        similarity(first[0], last[1], rest, threads=threads),
        similarity(last[0], first[1], rest, threads=threads),
    )
    crossed[chosen] = np.nan_to_num(np.minimum(*across))
    is_swapped = crossed >= _CROSSED
    return np.where(is_swapped, SWAPPED, similar[0]), np.where(is_swapped, SWAPPED, similar[1])


def _compare(a: pl.Series, b: pl.Series, threads: int) -> NDArray[np.float32]:
    score = _jaro_winkler(a, b, threads)
    several = (a.str.contains(" ", literal=True) | b.str.contains(" ", literal=True)).to_numpy()
    if several.any():
        rows = np.flatnonzero(several)
        score[rows] = np.maximum(
            score[rows], _jaro_winkler(_sorted(a[rows]), _sorted(b[rows]), threads)
        )
    first, second = a.to_list(), b.to_list()
    short = np.array([pair in FORMS for pair in zip(first, second, strict=True)], dtype=bool)
    initial = (
        ((a.str.len_chars() == 1) ^ (b.str.len_chars() == 1))
        & (a.str.slice(0, 1) == b.str.slice(0, 1))
    ).to_numpy()
    unlike = np.flatnonzero(score < SOUND)
    score[unlike[_sound_alike(a[unlike], b[unlike])]] = SOUND
    score[short] = np.maximum(score[short], SHORT_FORM)
    score[initial] = np.maximum(score[initial], INITIAL)
    return score


def _sound_alike(a: pl.Series, b: pl.Series) -> NDArray[np.bool_]:
    known = pl.concat([a, b]).unique()
    keys = pl.DataFrame({"name": known, "key": sounds(known)})
    both = pl.DataFrame({"a": a, "b": b}).join(
        keys, left_on="a", right_on="name", how="left", maintain_order="left"
    )
    both = both.join(keys, left_on="b", right_on="name", how="left", maintain_order="left")
    is_long = pl.col("key").str.len_chars() >= 2
    alike = both.select((pl.col("key") == pl.col("key_right")) & is_long)
    return np.asarray(alike.to_series().to_numpy(), dtype=bool)


def _jaro_winkler(a: pl.Series, b: pl.Series, threads: int) -> NDArray[np.float32]:
    scorer = JaroWinkler.normalized_similarity
    first, second = a.to_list(), b.to_list()
    out = process.cpdist(first, second, scorer=scorer, workers=threads, dtype=np.float32)
    return np.asarray(out)


def _sorted(values: pl.Series) -> pl.Series:
    return values.str.split(" ").list.sort().list.join(" ")


FORMS = _pairs_of_forms()
