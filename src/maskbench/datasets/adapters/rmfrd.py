"""RMFRD (Wang et al. 2020): pictures of public figures from the web, bare and really masked.

    AFDB_face_dataset/<person>/<picture>            bare
    AFDB_masked_face_dataset/<person>/<picture>     masked

A person's folder has the same name on both sides. Many people have pictures on one side only; they
stay in, as impostors and as gallery faces without a probe.

RMFRD publishes neither a split nor pairs. We take every masked picture and at most 20 bare ones of
each person (:func:`chosen`); the step ``split`` divides the people. The manifest has a further
column ``mask``: "" for bare faces, "masked" for the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row, folder
from maskbench.datasets.listing import shuffled
from maskbench.errors import MaskbenchError

BARE_PICTURES = 20  # of each person; the average person has 197
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

    The order is that of :func:`~maskbench.datasets.listing.shuffled`. One person's choice does not
    depend on any other person, and a picture that joins or leaves changes at most one other.

    Args:
        listed: rows with the column ``mask``, in any order.
        seed: of the hash; the protocol's is 0.

    Returns:
        The rows in the order given, without surplus bare ones.
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
    side = root / FOLDERS[mask]
    way_out = (
        "point datasets.*.path at the folder that holds "
        f"{' and '.join(FOLDERS.values())}, each with <person>/<picture>"
    )
    if not side.is_dir():
        raise MaskbenchError(side, "no such folder", way_out)
    found = folder.rows(root, side.name, mask=mask)
    if not found:
        raise MaskbenchError(side, "holds no pictures as <person>/<picture>", way_out)
    return found


ADAPTERS.register(
    Adapter(
        name="rmfrd",
        title="RMFRD",
        paper="Wang et al. 2020",
        rows=rows,
        licence="RMFRD: pictures of public figures collected from the web, published for research "
        "without a licence on the pictures themselves; do not redistribute",
        layout="AFDB_face_dataset/<person>/<picture>, AFDB_masked_face_dataset/...",
        access="public",
        page="https://github.com/X-zhangyang/Real-World-Masked-Face-Dataset",
        people=525,
        place="AFDB_face_dataset/ and AFDB_masked_face_dataset/ side by side",
        citation="Wang, Huang, Wang, Yi, Jiang: Masked face recognition dataset and application. "
        "IEEE T-BIOM 5(2), 2023",
        folder="rmfrd",
        really_masked=True,
        sampled=True,
    )
)
