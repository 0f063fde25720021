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
        folder="lfw",
    )
)
