"""AR (Martinez and Benavente 1998): 126 people in two sessions of 13 pictures, with scarves.

Pictures are named ``M-01-11`` or, in later copies, ``m-001-11``: sex (m; f or w), person,
condition. A scarf hides mouth and nose in the conditions 11 to 13 and 24 to 26. Those with
sunglasses, 8 to 10 and 21 to 23, are left out: eyes are what is left to see of a masked face. The
release has raw files (``.raw``), which are not read: convert them, or take a copy in a common
format.
"""

from __future__ import annotations

import re
from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row, flat

SCARF = {11, 12, 13, 24, 25, 26}
SUNGLASSES = {8, 9, 10, 21, 22, 23}


def rows(root: Path) -> list[Row]:
    """The pictures of both sessions in ``root`` and its folders, without sunglasses."""
    found = []
    for row in flat.rows(root):
        name = re.fullmatch(r"([mfw]-\d{2,3})-(\d{1,2})", Path(row.source).stem.lower())
        if name and int(name[2]) not in SUNGLASSES:
            mask = "scarf" if int(name[2]) in SCARF else ""
            found.append(Row(row.source, name[1], {"mask": mask}))
    return found


ADAPTERS.register(
    Adapter(
        name="ar",
        title="AR",
        paper="Martinez and Benavente 1998",
        rows=rows,
        licence="AR: by request, free for academic use; no commercial use, no redistribution",
        layout="<M, F or W>-<person>-<condition>.<any>, in the root or one folder below",
        access="request",
        page="https://www2.ece.ohio-state.edu/~aleix/ARdatabase.html",
        people=126,
        citation="Martinez, Benavente: The AR face database. CVC technical report 24, 1998",
        folder="ar",
        really_masked=True,
        sampled=True,
    )
)
