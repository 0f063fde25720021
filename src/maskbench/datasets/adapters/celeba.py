"""CelebA (Liu et al. 2015): 202,599 pictures of 10,177 people, aligned and cropped to 178x218.

    img_align_celeba/<6 digits>.jpg
    identity_CelebA.txt         lines "picture identity"
    list_eval_partition.txt     lines "picture 0, 1 or 2" (train, val, test)

All beside each other, or in ``Img/``, ``Anno/`` and ``Eval/`` as its authors arrange them.
"""

from __future__ import annotations

from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row
from maskbench.datasets.listing import pictures_in
from maskbench.datasets.lists import by_picture, unlisted
from maskbench.errors import MaskbenchError

FOLDER, IDENTITIES, PARTITION = (
    ("img_align_celeba", "Img/img_align_celeba"),
    ("identity_CelebA.txt", "Anno/identity_CelebA.txt"),
    ("list_eval_partition.txt", "Eval/list_eval_partition.txt"),
)
PARTS = {"0": "train", "1": "val", "2": "test"}


def rows(root: Path) -> list[Row]:
    """The pictures with their identity and their part.

    Raises:
        MaskbenchError: pictures or a list are missing, or a list does not name a picture.
    """
    folder = _first(root, FOLDER)
    files = [root / _first(root, names) for names in (IDENTITIES, PARTITION)]
    people = by_picture(files[0], "picture identity", r"\d+")
    parts = by_picture(files[1], "picture 0, 1 or 2", "[012]")
    found = []
    for picture in pictures_in(root / folder):
        name = picture.name
        for listed, file in zip((people, parts), files, strict=True):
            if name not in listed:
                raise unlisted(f"{folder}/{name}", file)
        found.append(Row(f"{folder}/{name}", people[name], {"part": PARTS[parts[name]]}))
    return found


def _first(root: Path, names: tuple[str, ...]) -> str:
    for name in names:
        if (root / name).exists():
            return name
    raise MaskbenchError(
        root / names[0], "is not there", "put it there; maskbench datasets celeba says all files"
    )


ADAPTERS.register(
    Adapter(
        name="celeba",
        title="CelebA",
        paper="Liu et al. 2015",
        rows=rows,
        licence="CelebA: non-commercial research, no redistribution; the pictures are from the "
        "web and not the property of its authors",
        layout="img_align_celeba/<6 digits>.jpg, identity_CelebA.txt, list_eval_partition.txt",
        access="public",
        page="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
        size=1_400_000_000,
        people=10_177,
        pictures=202_599,
        place="img_align_celeba.zip (unpacked), identity_CelebA.txt and list_eval_partition.txt "
        "beside each other, or in Img/, Anno/ and Eval/",
        citation="Liu, Luo, Wang, Tang: Deep learning face attributes in the wild. ICCV 2015",
        folder="celeba",
        partition=True,
        files=(*IDENTITIES, *PARTITION),
    )
)
