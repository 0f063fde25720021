"""FFHQ (Karras et al. 2019): 70,000 faces of people who are not known, 1024x1024 or 128x128.

    images1024x1024/<thousand>/<5 digits>.png, or
    thumbnails128x128/<thousand>/<5 digits>.png

The root is the folder above one of them, or one of them. The first 60,000 pictures are for
training, the others for validation.
"""

from __future__ import annotations

import re
from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row, folder
from maskbench.errors import MaskbenchError

FOLDERS = ("images1024x1024", "thumbnails128x128")
TRAINING = 60_000


def rows(root: Path) -> list[Row]:
    """The pictures of one size.

    Raises:
        MaskbenchError: both sizes are there.
    """
    sizes = [name for name in FOLDERS if (root / name).is_dir()]
    if len(sizes) > 1:
        raise MaskbenchError(
            root, f"holds both {' and '.join(sizes)}", "set datasets.*.path to one of them"
        )
    return [
        Row(row.source, "", {"part": "train" if int(number[1]) < TRAINING else "val"})
        for row in folder.rows(root, *sizes)
        if (number := re.search(r"(?:^|/)\d{5}/(\d{5})\.\w+$", row.source))
    ]


ADAPTERS.register(
    Adapter(
        name="ffhq",
        title="FFHQ",
        paper="Karras et al. 2019",
        rows=rows,
        licence="FFHQ: CC BY-NC-SA 4.0 by NVIDIA; each picture under the licence of its author "
        "(ffhq-dataset-v2.json)",
        layout="images1024x1024/<thousand>/<5 digits>.png or thumbnails128x128/...",
        access="public",
        page="https://github.com/NVlabs/ffhq-dataset",
        size=89_000_000_000,  # the thumbnails: 2.0 GB
        pictures=70_000,
        place="images1024x1024/ or thumbnails128x128/, as download_ffhq.py of that page fetches "
        "them (89 GB or 2 GB)",
        citation="Karras, Laine, Aila: A style-based generator architecture for generative "
        "adversarial networks. CVPR 2019",
        folder="ffhq",
        identities=False,
        partition=True,
    )
)
