"""The pictures of FaceSets and MaskedSets, one after another, with what is known of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from maskbench.artifacts import read_json
from maskbench.errors import MaskbenchError, unknown_name
from maskbench.faces.faceset import FACE_COLUMNS, FaceSet
from maskbench.masks.maskedset import MASKED_COLUMNS, REAL, MaskedSet

UNDIVIDED = "undivided"
"""The split of faces that were not divided yet."""
SPLITS = {"": UNDIVIDED, "val": "validation"}
"""What others call a split, where they do not call it as a FaceSet does."""
FACTS = ("dataset", *MASKED_COLUMNS)
"""What is known of a picture, in this order. Of a bare face ``bare_id``, ``method`` and ``style``
are ""."""
LISTS = ("box", "crop_box", "landmarks")
NUMBERS = ("score", "yaw", "pitch", "roll")


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        coverage: (H, W) uint8, where its mask is; None where that is not known, or no mask there.
        facts: by the names in :data:`FACTS`; numbers and lists of numbers are Python's own.
        person: in it, as among the collection's ``people``; "": not known.
        label: place of the person among them; None: not known.
    """

    image: np.ndarray
    coverage: np.ndarray | None
    facts: dict[str, Any]
    person: str
    label: int | None


class Collection:
    """One set or more, as one collection. Of several data sets each has its own people, whatever
    their names: these are ``dataset/name``.

    Args:
        folders: FaceSets or MaskedSets, e.g. the bare faces and the masked ones of a training set.
        splits: only these; none given: all.

    Raises:
        MaskbenchError: a folder is no such set, no picture is of these splits, or a face is in two
            of the sets.
    """

    def __init__(self, folders: Sequence[Path], splits: Sequence[str] = ()) -> None:
        self.sets = [open_set(path) for path in folders]
        self._prefixed = len({found.dataset for found in self.sets}) > 1
        faces = pd.concat([self._listed(found) for found in self.sets], ignore_index=True)
        there = set(faces["split"])
        for name in splits:
            if name not in there:
                raise unknown_name(folders[0], "split of these pictures", name, there)
        self.wanted = [name for name in ("train", "val", "test", "") if name in there]
        self.wanted = [name for name in self.wanted if not splits or name in splits]
        faces = faces[faces["split"].isin(self.wanted)]
        if faces.empty:
            raise MaskbenchError(folders[0], "holds no pictures", "name a set that holds some")
        twice = faces.duplicated(["dataset", "method", "face_id"])
        if twice.any():
            what = f"the face {faces['face_id'][twice].iloc[0]} is in two of the sets"
            raise MaskbenchError(folders[-1], what, "name each set once")
        self.people = sorted(set(faces["person"]) - {""})
        counts = faces["split"].value_counts()
        self.splits = {SPLITS.get(name, name): int(counts[name]) for name in self.wanted}

    @property
    def count(self) -> int:
        """Pictures of all splits."""
        return sum(self.splits.values())

    @property
    def covered(self) -> bool:
        """Whether the mask's place is known of any picture."""
        return any(isinstance(found, MaskedSet) for found in self.sets)

    @cached_property
    def terms(self) -> dict[str, str]:
        """Under which licence each data set's pictures are, as far as the results say so."""
        return {found.dataset: terms_of(found.path, found.dataset) for found in self.sets}

    def _listed(self, found: FaceSet) -> pd.DataFrame:
        """A set's faces, with its name and their people."""
        faces = found.faces.reindex(columns=["face_id", "method", "split"], fill_value="")
        names = found.faces["identity"]
        start = f"{found.dataset}/" if self._prefixed else ""
        return faces.assign(dataset=found.dataset, person=(start + names).where(names != "", ""))

    def pictures(self, split: str) -> Iterator[Picture]:
        """The pictures of a split, set by set; ``split`` is a key of ``splits``."""
        labels = {name: label for label, name in enumerate(self.people)}
        (own,) = [name for name in self.wanted if SPLITS.get(name, name) == split]
        for found in self.sets:
            faces = found.faces.reindex(columns=list(MASKED_COLUMNS), fill_value="")
            columns = {name: faces[name].to_numpy(object) for name in MASKED_COLUMNS}
            people = self._listed(found)["person"].to_numpy(object)
            masks = found.masks if isinstance(found, MaskedSet) else None
            for row in found.of_split(own):
                facts: dict[str, Any] = {"dataset": found.dataset}
                facts |= {name: column[row] for name, column in columns.items()}
                facts |= {name: np.asarray(facts[name]).tolist() for name in LISTS}
                facts |= {name: float(facts[name]) for name in NUMBERS}
                known = masks is not None and facts["method"] != REAL
                yield Picture(
                    np.asarray(found.images[row]),
                    np.asarray(masks[row]) if masks is not None and known else None,
                    facts,
                    people[row],
                    labels.get(people[row]),
                )


def open_set(folder: Path) -> FaceSet:
    """A MaskedSet, or a FaceSet where there is no coverage.

    Raises:
        MaskbenchError: it is neither; the sets below it are named.
    """
    folder = Path(folder)
    if not (folder / "images.npy").is_file():
        below = sorted(path.parent.as_posix() for path in folder.rglob("images.npy"))
        few = ", ".join(below[:3]) + (f" and {len(below) - 3} more" if len(below) > 3 else "")
        way_out = f"name a set below it: {few}" if below else "check the path"
        if (folder / "manifest.csv").is_file():
            way_out = "what maskbench mask wrote is a folder of pictures: hand it on as it is"
        raise MaskbenchError(folder, "is no set of faces (it holds no images.npy)", way_out)
    if (folder / "masks.npy").exists():
        return MaskedSet.open(folder)
    found = FaceSet.open(folder)
    lacking = [name for name in FACE_COLUMNS if name not in found.faces]
    if lacking:
        raise MaskbenchError(folder / "faces.parquet", f"lacks {lacking[0]}", "make the set again")
    return found


def terms_of(place: Path, dataset: str) -> str:
    """The licence that ``pictures/{dataset}/source.json`` of the results around ``place`` names; ""
    where there is none."""
    for parent in (Path(place), *Path(place).absolute().parents):
        source = parent / "pictures" / dataset / "source.json"
        if source.is_file():
            return str(read_json(source).get("licence", ""))
    return ""


def as_json(facts: Mapping[str, Any]) -> str:
    """Facts on one line, pixels and degrees to four decimals."""
    short = {name: [round(value, 4) for value in facts[name]] for name in LISTS}
    short |= {name: round(facts[name], 4) for name in NUMBERS}
    return json.dumps({**facts, **short}, ensure_ascii=False)


def png(picture: np.ndarray) -> bytes:
    """A picture, (H, W, 3) RGB or (H, W) uint8, as PNG: without loss."""
    _, found = cv2.imencode(".png", picture[..., ::-1] if picture.ndim == 3 else picture)
    return found.tobytes()
