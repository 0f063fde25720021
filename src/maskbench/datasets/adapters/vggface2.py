"""VGGFace2 (Cao et al. 2018): a folder a person in ``train`` and in ``test``, which share nobody.

Either may be absent. Where ``train_list.txt`` or ``test_list.txt`` lies beside its folder, it names
every picture in it.
"""

from __future__ import annotations

from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row, folder
from maskbench.datasets.listing import composed
from maskbench.datasets.lists import fields, unlisted
from maskbench.errors import MaskbenchError

PARTS = ("train", "test")


def rows(root: Path) -> list[Row]:
    """The pictures of both parts.

    Raises:
        MaskbenchError: there is neither part, or a list does not name a picture of its part.
    """
    parts = [part for part in PARTS if (root / part).is_dir()]
    if not parts:
        raise MaskbenchError(
            root, f"has neither {PARTS[0]}/ nor {PARTS[1]}/", "unpack the archives side by side"
        )
    return [row for part in parts for row in _listed(root, part)]


def _listed(root: Path, part: str) -> list[Row]:
    found = folder.rows(root, part, part=part)
    file = root / f"{part}_list.txt"
    if file.exists():
        known = {name for (name,) in fields(file, "person/picture", ".+/.+")}
        for row in found:
            if composed(row.source).removeprefix(f"{part}/") not in known:
                raise unlisted(row.source, file)
    return found


ADAPTERS.register(
    Adapter(
        name="vggface2",
        title="VGGFace2",
        paper="Cao et al. 2018",
        rows=rows,
        licence="VGGFace2: CC BY-NC 4.0 for the annotations, no licence on the pictures; its "
        "authors no longer offer it",
        layout="train/<person>/<picture>.jpg and test/..., train_list.txt, test_list.txt",
        access="request",
        page="https://www.robots.ox.ac.uk/~vgg/data/vgg_face2/",
        size=40_000_000_000,
        people=9_131,
        pictures=3_311_286,
        place="unpack vggface2_train.tar.gz and vggface2_test.tar.gz side by side; put the two "
        "lists beside train/ and test/",
        citation="Cao, Shen, Xie, Parkhi, Zisserman: VGGFace2: a dataset for recognising faces "
        "across pose and age. FG 2018",
        folder="vggface2",
        partition=True,
        files=("train_list.txt", "test_list.txt"),
    )
)
