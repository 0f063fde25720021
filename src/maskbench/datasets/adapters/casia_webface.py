"""CASIA-WebFace (Yi et al. 2014): a folder of seven digits a person, pictures by number.

The layout of the release and of copies cropped from it; record files (``train.rec``) are not read.
"""

from __future__ import annotations

import re
from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row, folder


def rows(root: Path) -> list[Row]:
    """The pictures of people with a number; other folders are no part."""
    return [row for row in folder.rows(root) if re.fullmatch(r"\d{7}", row.identity)]


ADAPTERS.register(
    Adapter(
        name="casia_webface",
        title="CASIA-WebFace",
        paper="Yi et al. 2014",
        rows=rows,
        licence="CASIA-WebFace: by agreement, for research alone; pictures of actors from the web",
        layout="<7 digits>/<number>.jpg",
        access="request",
        people=10_575,
        pictures=494_414,
        citation="Yi, Lei, Liao, Li: Learning face representation from scratch. arXiv:1411.7923, "
        "2014",
        folder="casia_webface",
    )
)
