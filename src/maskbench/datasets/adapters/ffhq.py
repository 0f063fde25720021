"""FFHQ (Karras et al. 2019): 70,000 faces of people who are not known, 1024x1024 or 128x128.

    images1024x1024/<thousand>/<5 digits>.png, or
    thumbnails128x128/<thousand>/<5 digits>.png

The root is the folder above one of them, or one of them. The first 60,000 pictures are for
training, the others for validation. ``ffhq-dataset-v2.json``, where it lies beside the folder, has
the size and the MD5 of every file.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row, folder
from maskbench.errors import MaskbenchError, read_text

FOLDERS = ("images1024x1024", "thumbnails128x128")
TRAINING = 60_000
FACTS = "ffhq-dataset-v2.json"


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


def sums(root: Path) -> dict[str, tuple[int, str]] | None:
    """Bytes and MD5 of each picture as the data set's own list has them; None: it is not there.

    Raises:
        MaskbenchError: it is no such list.
    """
    beside = [folder / FACTS for folder in (root, root.parent) if (folder / FACTS).is_file()]
    if not beside:
        return None
    try:
        listed = json.loads(read_text(beside[0])).values()
        files = [one[size] for one in listed for size in ("image", "thumbnail")]
        found = {file["file_path"]: (file["file_size"], file["file_md5"]) for file in files}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"is not FFHQ's list ({type(error).__name__}: {error})"
        raise MaskbenchError(beside[0], what, "fetch it again") from error
    inner = f"{root.name}/" if root.name in FOLDERS else ""
    return {path.removeprefix(inner): facts for path, facts in found.items()}


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
        f"them (89 GB or 2 GB), and beside it {FACTS}, by which every file is checked",
        citation="Karras, Laine, Aila: A style-based generator architecture for generative "
        "adversarial networks. CVPR 2019",
        folder="ffhq",
        identities=False,
        partition=True,
        sums=sums,
    )
)
