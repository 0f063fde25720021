"""Your own collection with known people: ``<identity>/<any name>``, any picture format.

Exactly one level: a folder of folders of folders is refused rather than guessed at.
"""

from __future__ import annotations

from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row
from maskbench.datasets.listing import pictures_in, subfolders


def rows(root: Path) -> list[Row]:
    """The pictures directly in the folders of ``root``; the folder's name is the identity."""
    return [
        Row(f"{person.name}/{picture.name}", person.name)
        for person in subfolders(root)
        for picture in pictures_in(person)
    ]


ADAPTERS.register(
    Adapter(
        name="folder",
        title="own people",
        rows=rows,
        licence="the user's own pictures: terms unknown to maskbench",
    )
)
