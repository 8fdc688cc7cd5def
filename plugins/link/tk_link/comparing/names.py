"""Person names: typing errors, changed order, initials and short forms."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from tk_link.candidates import Pairs

SHORT_FORM, INITIAL = 0.9, 0.85
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


def similarity(left: pl.Series, right: pl.Series, pairs: Pairs) -> NDArray[np.float32]:
    """Compare names already normalised by `tk_link.normalise.text`.

    The best of: Jaro-Winkler as written, Jaro-Winkler with the words in alphabetical order, .9 for
    a known English short form (``William`` / ``Bill``), .85 for an initial. NaN where missing.
    """
    frame = pl.DataFrame({"l": pairs.left, "r": pairs.right})
    texts = frame.select(a=pl.lit(left).gather(pl.col("l")), b=pl.lit(right).gather(pl.col("r")))
    unique = texts.drop_nulls().unique(maintain_order=True)
    values = _compare(unique["a"], unique["b"])
    scored = unique.with_columns(pl.Series("s", values))
    joined = texts.join(scored, on=["a", "b"], how="left", maintain_order="left")
    return np.asarray(joined["s"].fill_null(float("nan")).to_numpy(), dtype=np.float32)


def _compare(a: pl.Series, b: pl.Series) -> NDArray[np.float32]:
    score = _jaro_winkler(a, b)
    several = (a.str.contains(" ", literal=True) | b.str.contains(" ", literal=True)).to_numpy()
    if several.any():
        rows = np.flatnonzero(several)
        score[rows] = np.maximum(score[rows], _jaro_winkler(_sorted(a[rows]), _sorted(b[rows])))
    first, second = a.to_list(), b.to_list()
    short = np.array([pair in FORMS for pair in zip(first, second, strict=True)], dtype=bool)
    initial = (
        ((a.str.len_chars() == 1) ^ (b.str.len_chars() == 1))
        & (a.str.slice(0, 1) == b.str.slice(0, 1))
    ).to_numpy()
    score[short] = np.maximum(score[short], SHORT_FORM)
    score[initial] = np.maximum(score[initial], INITIAL)
    return score


def _jaro_winkler(a: pl.Series, b: pl.Series) -> NDArray[np.float32]:
    scorer = JaroWinkler.normalized_similarity
    out = process.cpdist(a.to_list(), b.to_list(), scorer=scorer, workers=-1, dtype=np.float32)
    return np.asarray(out)


def _sorted(values: pl.Series) -> pl.Series:
    return values.str.split(" ").list.sort().list.join(" ")


FORMS = _pairs_of_forms()
