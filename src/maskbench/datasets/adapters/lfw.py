"""Labeled Faces in the Wild (Huang et al. 2007): colour pictures, 250x250.

The public layout, ``<identity>/<identity>_NNNN.jpg``, whichever alignment (original, funneled,
deep-funneled) lies in the folder.
"""

from __future__ import annotations

import re
from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row
from maskbench.datasets.listing import composed, pictures_in, subfolders


def rows(root: Path) -> list[Row]:
    """The pictures named ``<identity>_NNNN`` in the folder ``<identity>``; others are no part."""
    return [
        Row(f"{person.name}/{picture.name}", person.name)
        for person in subfolders(root)
        for picture in pictures_in(person)
        if re.fullmatch(re.escape(composed(person.name)) + r"_\d{4}", composed(picture.stem))
    ]


ADAPTERS.register(
    Adapter(
        name="lfw",
        title="LFW",
        paper="Huang et al. 2007",
        rows=rows,
        licence="LFW: public research set of press photographs, no licence granted on the pictures "
        "themselves; for research only, do not redistribute",
        layout="<identity>/<identity>_NNNN.jpg",
        access="open",
        page="http://vis-www.cs.umass.edu/lfw/",
        url="https://ndownloader.figshare.com/files/5976015",  # funneled, as scikit-learn has it
        sha256="b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a",
        size=240_000_000,
        people=5_749,
        pictures=13_233,
        citation="Huang, Ramesh, Berg, Learned-Miller: Labeled faces in the wild. University of "
        "Massachusetts, Amherst, technical report 07-49, 2007",
        folder="lfw",
    )
)
