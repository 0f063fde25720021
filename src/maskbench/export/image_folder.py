"""An image folder: ``{split}/{person}/{number}.png`` and ``{split}/metadata.jsonl``.

torchvision's ``ImageFolder`` reads a split, and the loader ``imagefolder`` of Hugging Face
``datasets`` the whole. That loader also takes ``metadata.csv``, whose types it guesses: the person
``0007`` would become 7, and a column that is empty in one split alone would be refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from maskbench.export.pictures import Collection, as_json, png

UNKNOWN = "%unknown"
"""The folder of people who are not known; nobody's name is written so."""


def write(found: Collection, out: Path, advance: Callable[[int], None]) -> None:
    """Write all pictures of a collection into a folder."""
    for split in found.splits:
        folder = out / split
        folder.mkdir()
        with open(folder / "metadata.jsonl", "w", encoding="utf-8", newline="\n") as lines:
            for number, picture in enumerate(found.pictures(split)):
                name = Path(folder_of(picture.person), f"{number:06d}.png")
                (folder / name.parent).mkdir(exist_ok=True)
                (folder / name).write_bytes(png(picture.image))
                lines.write(as_json({"file_name": name.as_posix(), **picture.facts}) + "\n")
                advance(1)


def folder_of(person: str) -> str:
    """A folder's name for a person, a different one for each: what file systems refuse is written
    as ``%`` and its number."""
    coded = re.sub(
        r'[%/\\:*?"<>|\x00-\x1f]|^[. ]|[. ]$', lambda found: f"%{ord(found[0]):02X}", person
    )
    return coded or UNKNOWN
