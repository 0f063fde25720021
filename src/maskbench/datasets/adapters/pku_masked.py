"""PKU-Masked-Face (Peking University): 1,018 people, bare and really masked, in five views.

    images/<person>_0/<number>_<view>.png    bare
    images/<person>_1/<number>_<view>.png    masked

The protocol takes frontal faces, view 0: the bare ones are the gallery, the masked ones the probes.
"""

from __future__ import annotations

import re
from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row, folder
from maskbench.errors import MaskbenchError

FOLDER = "images"
MASKS = {"0": "", "1": "masked"}


def rows(root: Path) -> list[Row]:
    """The frontal pictures.

    Raises:
        MaskbenchError: the folder of pictures is missing.
    """
    if not (root / FOLDER).is_dir():
        raise MaskbenchError(root / FOLDER, "no such folder", "unpack the pictures there")
    return [
        Row(row.source, name[1], {"mask": MASKS[name[2]]})
        for row in folder.rows(root, FOLDER)
        if (name := re.search(r"/(\d+)_([01])/\d+_0\.\w+$", row.source))
    ]


ADAPTERS.register(
    Adapter(
        name="pku_masked",
        title="PKU-Masked-Face",
        rows=rows,
        licence="PKU-Masked-Face: as on its page; for research, do not redistribute",
        layout="images/<person>_<0 or 1>/<number>_<view>.png",
        access="request",
        page="https://pkuml.org/resources/pku-masked-face-dataset.html",
        people=1_018,
        pictures=10_301,
        citation="Peking University: PKU-Masked-Face dataset",
        folder="pku_masked",
        really_masked=True,
        sampled=True,
    )
)
