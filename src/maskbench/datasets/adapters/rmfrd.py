"""RMFRD (Wang et al. 2020): pictures of public figures from the web, bare and really masked.

    AFDB_face_dataset/<person>/<picture>            bare
    AFDB_masked_face_dataset/<person>/<picture>     masked

A person's folder has the same name on both sides; many people have pictures on one side alone. They
stay in: as impostors, and as faces of the gallery that nobody asks for.

RMFRD publishes neither a split nor pairs. Ours: every masked picture, and of each person at most 20
bare ones (:func:`chosen`); people are split by the step ``split``. The manifest carries the kind in
a further column ``mask``: "" for bare faces, "masked" for the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row
from maskbench.datasets.listing import pictures_in, shuffled, subfolders
from maskbench.errors import MaskbenchError

BARE_PICTURES = 20
"""Of each person, who has 197 on average."""
MASKED = "masked"
FOLDERS = {"": "AFDB_face_dataset", MASKED: "AFDB_masked_face_dataset"}


def rows(root: Path) -> list[Row]:
    """The chosen pictures of both folders.

    Raises:
        MaskbenchError: one of the folders is missing or holds no pictures of people.
    """
    return chosen(row for mask in FOLDERS for row in _all(root, mask))


def chosen(listed: Iterable[Row], seed: int = 0) -> list[Row]:
    """Every masked picture, and of each person the first 20 bare ones in the order of a hash.

    The hash is SHA-256 of ``seed``, a zero byte and the picture's path below the root. A choice
    thus depends on neither file order, platform nor library version, nor on any other person; a
    picture that joins or leaves changes at most one other.

    Args:
        listed: rows with the further column ``mask``, in any order.
        seed: of the hash; the protocol's is 0.

    Returns:
        the rows in the order given, without the bare ones that are too many.
    """
    listed = list(listed)
    bare: dict[str, list[str]] = defaultdict(list)
    for row in listed:
        if not row.extra["mask"]:
            bare[row.identity].append(row.source)
    kept = {
        source for sources in bare.values() for source in shuffled(sources, seed)[:BARE_PICTURES]
    }
    return [row for row in listed if row.extra["mask"] or row.source in kept]


def _all(root: Path, mask: str) -> list[Row]:
    folder = root / FOLDERS[mask]
    way_out = (
        "point datasets.*.path at the folder that holds "
        f"{' and '.join(FOLDERS.values())}, each with <person>/<picture>"
    )
    if not folder.is_dir():
        raise MaskbenchError(folder, "no such folder", way_out)
    found = [
        Row(f"{folder.name}/{person.name}/{picture.name}", person.name, {"mask": mask})
        for person in subfolders(folder)
        for picture in pictures_in(person)
    ]
    if not found:
        raise MaskbenchError(folder, "holds no pictures as <person>/<picture>", way_out)
    return found


ADAPTERS.register(
    Adapter(
        name="rmfrd",
        title="RMFRD",
        paper="Wang et al. 2020",
        rows=rows,
        licence="RMFRD: pictures of public figures collected from the web, published for research "
        "without a licence on the pictures themselves; do not redistribute",
        folder="rmfrd",
        really_masked=True,
    )
)
