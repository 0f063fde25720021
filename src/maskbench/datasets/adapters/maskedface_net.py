"""MaskedFace-Net (Cabani et al. 2021): masks drawn on FFHQ's faces, worn well or badly.

    CMFD/<thousand>/<5 digits>_Mask.jpg
    IMFD/<thousand>/<5 digits>_Mask_Mouth_Chin.jpg, ..._Mask_Nose_Mouth.jpg, ..._Mask_Chin.jpg

Either folder may be absent. The manifest's column ``mask`` says what is covered: ``Mask`` (all),
``Mask_Mouth_Chin`` ...
"""

from __future__ import annotations

import re
from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row, folder
from maskbench.errors import MaskbenchError

FOLDERS = ("CMFD", "IMFD")


def rows(root: Path) -> list[Row]:
    """The pictures of both folders.

    Raises:
        MaskbenchError: there is neither folder.
    """
    there = [name for name in FOLDERS if (root / name).is_dir()]
    if not there:
        raise MaskbenchError(
            root, f"has neither {FOLDERS[0]}/ nor {FOLDERS[1]}/", "unpack the archives side by side"
        )
    return [
        Row(row.source, "", {"mask": mask[1]})
        for name in there
        for row in folder.rows(root, name)
        if (mask := re.search(r"/\d{5}_(Mask\w*)\.\w+$", row.source))
    ]


ADAPTERS.register(
    Adapter(
        name="maskedface_net",
        title="MaskedFace-Net",
        paper="Cabani et al. 2021",
        rows=rows,
        licence="MaskedFace-Net: CC BY-NC-SA 4.0, as FFHQ, of which it is made",
        layout="CMFD/<thousand>/<5 digits>_Mask.jpg, IMFD/<thousand>/<5 digits>_Mask_<what>.jpg",
        access="public",
        page="https://github.com/cabani/MaskedFace-Net",
        size=39_000_000_000,
        pictures=137_016,
        place="CMFD/ and IMFD/ side by side; one is enough",
        citation="Cabani, Hammoudi, Benhabiles, Melkemi: MaskedFace-Net - a dataset of correctly/"
        "incorrectly masked face images in the context of COVID-19. Smart Health 19, 2021",
        folder="maskedface_net",
        identities=False,
    )
)
