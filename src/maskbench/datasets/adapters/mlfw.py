"""MLFW (Wang et al. 2021): 6,000 pairs of pictures of LFW's people with drawn masks.

    aligned/<identity>_NNNN_NNNN.jpg    112x112
    pairs.txt                           lines "picture, picture, 1 (one person) or 0"

``origin/`` beside ``aligned/`` is not read. Which pictures are bare is not published: all count as
masked, so that the official pairs are the protocol. The people have LFW's names. Whoever learns
from LFW can therefore not be tested here, and is refused.
"""

from __future__ import annotations

import re
from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, PAIRS, Adapter, Pair, Row
from maskbench.datasets.listing import composed, pictures_in
from maskbench.datasets.lists import labelled_pairs
from maskbench.errors import MaskbenchError

FOLDER = "aligned"


def rows(root: Path) -> list[Row]:
    """The aligned pictures, all as masked.

    Raises:
        MaskbenchError: the pictures or the list of pairs are missing.
    """
    for wanted in (FOLDER, PAIRS):
        if not (root / wanted).exists():
            raise MaskbenchError(root / wanted, "is not there", "unpack the whole archive")
    return [
        Row(f"{FOLDER}/{picture.name}", name[1], {"mask": "masked"})
        for picture in pictures_in(root / FOLDER)
        if (name := re.fullmatch(r"(.+?)(?:_\d{4}){1,2}", composed(picture.stem)))
    ]


def pairs(root: Path) -> list[Pair]:
    """The 6,000 pairs."""
    return labelled_pairs(root / PAIRS, f"{FOLDER}/")


ADAPTERS.register(
    Adapter(
        name="mlfw",
        title="MLFW",
        paper="Wang et al. 2021",
        rows=rows,
        licence="MLFW: no terms published; made of CALFW and LFW, press photographs without a "
        "licence; do not redistribute",
        layout="aligned/<identity>_NNNN_NNNN.jpg, pairs.txt",
        access="public",
        page="http://whdeng.cn/mlfw/",
        citation="Wang, Fang, Zhong, Deng: MLFW: a database for face recognition on masked faces. "
        "CCBR 2022, arXiv:2109.05804",
        folder="mlfw",
        really_masked=True,
        files=(PAIRS,),
        pairs=pairs,
    )
)
