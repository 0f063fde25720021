"""RMFVD (Wang et al. 2020): 7,178 pairs of a bare with a masked picture, half of one person.

    <folder>/<person>/<picture>    masked where the folder has "masked" in its name
    pairs.txt                       lines "picture, picture, 1 (one person) or 0"

Its archive has no published description: this is the layout of RMFRD, by the same authors, with
labelled pairs. Where yours differs, arrange it so.
"""

from __future__ import annotations

import re
from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, PAIRS, Adapter, Pair, Row, folder
from maskbench.datasets.listing import subfolders
from maskbench.datasets.lists import labelled_pairs
from maskbench.errors import MaskbenchError

_MASKED = re.compile(r"(?<!un)(?<!no[-_ ])(?<!non[-_ ])(?<!not[-_ ])masked")


def rows(root: Path) -> list[Row]:
    """The pictures of the folders in ``root``.

    Raises:
        MaskbenchError: the list of pairs is missing.
    """
    if not (root / PAIRS).is_file():
        raise MaskbenchError(root / PAIRS, "no such file", "put the list of pairs there")
    return [
        row
        for kind in subfolders(root)
        for row in folder.rows(
            root, kind.name, mask="masked" if _MASKED.search(kind.name.lower()) else ""
        )
    ]


def pairs(root: Path) -> list[Pair]:
    """The 7,178 pairs."""
    return labelled_pairs(root / PAIRS)


ADAPTERS.register(
    Adapter(
        name="rmfvd",
        title="RMFVD",
        paper="Wang et al. 2020",
        rows=rows,
        licence="RMFVD: as RMFRD, pictures of public figures from the web, without a licence on "
        "the pictures themselves; do not redistribute",
        layout="<bare>/<person>/<picture>, <...masked...>/<person>/<picture>, pairs.txt",
        access="public",
        page="https://github.com/X-zhangyang/Real-World-Masked-Face-Dataset",
        people=426,
        pictures=4_015,
        place="a folder of bare and one of masked people (with masked in its name), pairs.txt",
        citation="Wang, Huang, Wang, Yi, Jiang: Masked face recognition dataset and application. "
        "IEEE T-BIOM 5(2), 2023",
        folder="rmfvd",
        really_masked=True,
        files=(PAIRS,),
        pairs=pairs,
    )
)
