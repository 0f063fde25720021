"""The raw crawl of RMFD (Wang et al. 2020): whole photographs of people, most of them masked.

    RWMFD_part_<n>/<4 digits>/<4 digits>.jpg (RMFD_part_<n> in later copies)

Numbers of people begin anew in each part, so that a person is called ``<n>-<4 digits>``. Nobody has
labelled the masks: this is a real domain for critics, no test. The cleaned data set is ``rmfrd``.
"""

from __future__ import annotations

import re
from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row, folder
from maskbench.datasets.listing import subfolders


def rows(root: Path) -> list[Row]:
    """The pictures of all parts that are there."""
    return [
        Row(row.source, f"{number[1]}-{row.identity}")
        for part in subfolders(root)
        if (number := re.fullmatch(r"RW?MFD_part_(\d+)", part.name))
        for row in folder.rows(root, part.name)
    ]


ADAPTERS.register(
    Adapter(
        name="rmfd",
        title="RMFD (raw crawl)",
        paper="Wang et al. 2020",
        rows=rows,
        licence="RMFD: pictures of public figures collected from the web, published for research "
        "without a licence on the pictures themselves; do not redistribute",
        layout="RWMFD_part_<n>/<4 digits>/<4 digits>.jpg",
        access="public",
        page="https://github.com/X-zhangyang/Real-World-Masked-Face-Dataset",
        place="RWMFD_part_1/ of the repository; parts 2 and 3 are split archives: join and unpack "
        "them first",
        citation="Wang, Huang, Wang, Yi, Jiang: Masked face recognition dataset and application. "
        "IEEE T-BIOM 5(2), 2023",
        folder="rmfd",
    )
)
