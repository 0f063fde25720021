"""Your own collection with known people: ``<identity>/<any name>``, any picture format.

Exactly one level: a folder of folders of folders is refused rather than guessed at.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row
from maskbench.datasets.listing import pictures_in, subfolders


def rows(root: Path, below: str = "", **extra: Any) -> list[Row]:
    """The pictures directly in the folders of ``root/below``; the folder's name is the identity.

    Args:
        root: the data set's folder.
        below: a path in it.
        extra: further columns, of all pictures.
    """
    prefix = f"{below}/" if below else ""
    return [
        Row(f"{prefix}{person.name}/{picture.name}", person.name, extra)
        for person in subfolders(root / below)
        for picture in pictures_in(person)
    ]


ADAPTERS.register(
    Adapter(
        name="folder",
        title="own people",
        rows=rows,
        licence="the user's own pictures: terms unknown to maskbench",
        layout="<identity>/<picture>",
    )
)
