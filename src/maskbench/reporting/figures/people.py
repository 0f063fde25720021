"""Which people a sheet shows, and the pictures of each: the result selects no one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from maskbench.artifacts import read_json
from maskbench.datasets.manifest import root_of
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet

HALF = 128  # a pixel belongs to the binary segmentation where the mask covers half of it
LEAST = 0.02  # share of a picture that a mask covers at the least

Draw = Callable[[int], Any]


@dataclass(frozen=True)
class Shown:
    """Rows of a masked set, and their pictures.

    Attributes:
        masked: the masked set, or the restored one of really masked people.
        rows: its rows that are shown.
        pictures: the uint8 picture of a row, by kind of picture.
        restored: the restored picture of a row, by restorer.
    """

    masked: MaskedSet
    rows: list[int]
    pictures: Mapping[str, Draw]
    restored: Mapping[str, Draw]


def examples(faces: pd.DataFrame, styles: Sequence[str], count: int) -> list[int]:
    """Row numbers of ``count`` masked faces: different people, each in another style, the pose of
    each the most frontal one of that person. The choice depends on the rows alone, not on their
    order.

    Args:
        faces: rows of a MaskedSet.
        styles: styles in the wanted order; styles that no row has are passed over.
        count: at most this many.
    """
    present = [style for style in styles if (faces["style"] == style).any()]
    if not present:
        return []
    table = faces.assign(
        row=np.arange(len(faces)), turn=(faces["yaw"].abs() + faces["pitch"].abs()).round(3)
    )
    table["person"] = np.where(table["identity"] == "", table["bare_id"], table["identity"])
    table = table.sort_values(["person", "turn", "bare_id", "style"], kind="stable")
    chosen: list[int] = []
    for _, rows in table.groupby("person", sort=True):
        here = rows[rows["style"] == present[len(chosen) % len(present)]]
        if len(here):
            chosen.append(int(here["row"].iloc[0]))
        if len(chosen) == count:
            break
    return chosen


def masked_people(inputs: Mapping[str, Sequence[Path]], count: int) -> Shown:
    """People with a synthesised mask; where the figure needs ``restored``, those that every
    restorer was given.

    Raises:
        MaskbenchError: the masked set is empty, no restored set holds its faces, or no face stands
            in all of them.
    """
    masked = MaskedSet.open(Path(inputs["masked"][0]))
    ids = masked.faces["face_id"]
    position: dict[str, dict[str, int]] = {}
    restored: dict[str, FaceSet] = {}
    for path in map(Path, inputs.get("restored", ())):
        found = FaceSet.open(path)
        name = path.parent.name
        if name not in restored and set(found.faces["face_id"]) & set(ids):
            restored[name] = found
            position[name] = {face: row for row, face in enumerate(found.faces["face_id"])}
    if not restored and inputs.get("restored"):
        what = "none of the restored sets holds its faces"
        raise MaskbenchError(masked.path, what, "restore this set")
    everywhere = ids.isin(set(ids).intersection(*position.values()))
    kept = np.flatnonzero(everywhere.to_numpy())
    faces = masked.faces.iloc[kept].reset_index(drop=True)
    rows = [int(kept[row]) for row in examples(faces, list(faces["style"].unique()), count)]
    if not rows:
        what = "no face stands in all restored sets" if restored else "the masked set is empty"
        raise MaskbenchError(masked.path, what, "make the sets again")

    def restored_by(name: str) -> Draw:
        return lambda row: restored[name].images[position[name][ids.iloc[row]]]

    pictures: dict[str, Draw] = {
        "masked": lambda row: masked.images[row],
        "coverage": lambda row: masked.masks[row],
        "segmentation": lambda row: np.where(masked.masks[row] >= HALF, 255, 0).astype(np.uint8),
    }
    if "faces" in inputs:
        pictures["bare"] = _bare(Path(inputs["faces"][0]), masked)
    if "pictures" in inputs:
        original = _originals(Path(inputs["pictures"][0]), masked)
        pictures["original"] = original
        pictures["original_masked"] = lambda row: put_back(
            original(row), masked.images[row], masked.masks[row], masked.faces["crop_box"].iloc[row]
        )
    return Shown(masked, rows, pictures, {name: restored_by(name) for name in restored})


def really_masked_people(inputs: Mapping[str, Sequence[Path]], count: int) -> Shown:
    """People who really wear a mask; the first restored set decides who is shown and where the
    masks are.

    Raises:
        MaskbenchError: the sets do not belong together, or no picture shows a mask.
    """
    sets = [FaceSet.open(Path(path)) for path in inputs["really_masked"]]
    restored: dict[str, MaskedSet] = {}
    for path in map(Path, inputs["unmasked"]):
        found = MaskedSet.open(path)
        if not restored or _same(found, next(iter(restored.values()))):
            restored.setdefault(path.parent.name, found)
    lead = next(iter(restored.values()))
    source = next((each for each in sets if _same(each, lead)), None)
    if source is None:
        what = "made from none of the given sets of really masked people"
        raise MaskbenchError(lead.path, what, "restore one of these sets")
    rows = choose_really_masked(lead, count)
    if not rows:
        raise MaskbenchError(lead.path, "no picture shows a mask", "look at the mask segmenter")

    def restored_by(found: MaskedSet) -> Draw:
        return lambda row: found.images[row]

    pictures: dict[str, Draw] = {
        "masked": lambda row: source.images[row],
        "coverage": lambda row: lead.masks[row],
    }
    return Shown(lead, rows, pictures, {name: restored_by(restored[name]) for name in restored})


def choose_really_masked(found: MaskedSet, most: int) -> list[int]:
    """Row numbers of pictures with a mask: one a person, the first by name; evenly spread people.

    Args:
        found: a restored set; ``masks`` is what was painted.
        most: at most this many.
    """
    covered = np.array([np.asarray(mask).mean() / 255 for mask in found.masks])
    table = found.faces.assign(row=np.arange(len(found)))[covered >= LEAST]
    table["person"] = np.where(table["identity"] == "", table["face_id"], table["identity"])
    table = table.sort_values(["person", "face_id"], kind="stable")
    first = table.groupby("person", sort=True)["row"].first().to_numpy()
    return [int(first[place]) for place in evenly(len(first), most)] if len(first) else []


def evenly(count: int, most: int) -> list[int]:
    """At most ``most`` of ``count`` indices, evenly spread, both ends included."""
    return sorted({round(i) for i in np.linspace(0, count - 1, min(most, count))})


def _same(a: FaceSet, b: FaceSet) -> bool:
    """Whether two sets hold the same pictures of one data set."""
    return a.dataset == b.dataset and list(a.faces["face_id"]) == list(b.faces["face_id"])


def _bare(path: Path, masked: MaskedSet) -> Draw:
    bare = FaceSet.open(path)
    position = {face: row for row, face in enumerate(bare.faces["face_id"])}

    def picture(row: int) -> Any:
        face = str(masked.faces["bare_id"].iloc[row])
        if face not in position:
            raise MaskbenchError(path, f"no face {face}", "give the set that was masked")
        return bare.images[position[face]]

    return picture


def _originals(folder: Path, masked: MaskedSet) -> Draw:
    root = root_of(folder, read_json(folder / "source.json"))
    return lambda row: read_picture(root / masked.faces["source"].iloc[row])


def put_back(
    original: np.ndarray, crop: np.ndarray, mask: np.ndarray, crop_box: Sequence[float]
) -> np.ndarray:
    """The original with the crop's masked pixels in place.

    Paper 2 puts the mask on the whole picture and crops afterwards; here faces are cropped first.

    Args:
        original: uint8 (H, W, 3).
        crop: the masked crop, uint8 (S, S, 3).
        mask: its coverage, uint8 (S, S).
        crop_box: x0 y0 x1 y1 of the crop in pixels of the original; it may reach beyond it.
    """
    import cv2

    height, width = original.shape[:2]
    x0, y0, x1, y1 = (float(v) for v in crop_box)
    sx, sy = (x1 - x0) / crop.shape[1], (y1 - y0) / crop.shape[0]
    # Pixel centres: crop pixel i covers the original from x0 + i sx to x0 + (i + 1) sx.
    affine = np.array([[sx, 0, x0 + (sx - 1) / 2], [0, sy, y0 + (sy - 1) / 2]])
    shrink = max(1.0, 1.0 / max(sx, sy))
    blur = cv2.GaussianBlur(crop, (0, 0), shrink / 2) if shrink > 1 else crop
    covered = (mask > 0).astype(np.float32)
    there = cv2.warpAffine(blur, affine, (width, height), flags=cv2.INTER_LINEAR)
    weight = cv2.warpAffine(covered, affine, (width, height), flags=cv2.INTER_LINEAR)[..., None]
    return np.rint(there * weight + original * (1 - weight)).astype(np.uint8)
