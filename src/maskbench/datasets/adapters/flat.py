"""Pictures whose people are not known: directly in a folder, or one level below it.

Every picture counts as its own group when the set is split (see ``split``), so two pictures of one
person may fall into different splits: fit for a critic's real domain, not for recognition.
"""

from __future__ import annotations

from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row
from maskbench.datasets.listing import pictures_in, subfolders


def rows(root: Path) -> list[Row]:
    """The pictures in ``root`` and in its folders, all with the identity ""."""
    top = [Row(picture.name, "") for picture in pictures_in(root)]
    below = [
        Row(f"{folder.name}/{picture.name}", "")
        for folder in subfolders(root)
        for picture in pictures_in(folder)
    ]
    return top + below


ADAPTERS.register(
    Adapter(
        name="flat",
        title="own pictures",
        identities=False,
        rows=rows,
        licence="the user's own pictures: terms unknown to maskbench",
        layout="<picture>, or <folder>/<picture>",
    )
)
