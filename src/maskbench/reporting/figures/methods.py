"""A block of masked faces for each method: rows are poses, columns mask styles.

Paper 1 (Figure 5) prints its methods side by side. That many are too wide for a page, so that
blocks stand in bands, the bare faces at the left of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.reporting.figures.page import Page, degrees, readable
from maskbench.reporting.figures.request import Request
from maskbench.reporting.figures.style import GREY, PALE
from maskbench.reporting.names import in_order, title_of

ACROSS, SIDE = 2, 0.62  # blocks beside each other; inches a picture
LABEL, GAP, HEAD, BETWEEN = 1.25, 0.35, 0.62, 0.25  # picture sides
RIM = 0.97  # of the raster that a picture fills

Poses = Mapping[str, tuple[float, float]]


def choose_poses(
    faces: pd.DataFrame, poses: Poses, upright: tuple[float, float] = (0.0, 0.0)
) -> list[tuple[str, int]]:
    """The faces of the rows: (label, row number of ``faces``), in the order of ``poses``.

    Each takes the face whose measured yaw and pitch are nearest to the wanted ones, among people
    not yet taken (and, should there be too few people, among faces not yet taken). Rare poses, the
    farthest from upright, choose first.

    Args:
        faces: rows with face_id, identity, yaw and pitch in degrees.
        poses: wanted yaw and pitch by label, degrees from ``upright``.
        upright: yaw and pitch of the data set's median face: what landmarks call upright has an
            offset that depends on the pictures.
    """
    person = np.where(faces["identity"] == "", faces["face_id"], faces["identity"])
    free, fresh = np.ones(len(faces), bool), np.ones(len(faces), bool)
    ids = faces["face_id"].to_numpy()
    chosen: dict[str, int] = {}
    for label in sorted(poses, key=lambda label: -float(np.hypot(*poses[label]))):
        candidates = np.flatnonzero(fresh) if fresh.any() else np.flatnonzero(free)
        if len(candidates) == 0:
            break
        turn = faces[["yaw", "pitch"]].to_numpy(float) - upright - poses[label]
        distance = np.hypot(turn[:, 0], turn[:, 1]).round(3)
        best = min(candidates, key=lambda row: (distance[row], ids[row]))
        chosen[label] = int(best)
        free[best] = False
        fresh &= free & (person != person[best])
    return [(label, chosen[label]) for label in poses if label in chosen]


def draw(request: Request) -> Figure:
    """Blocks of methods beside each other, in bands."""
    poses, styles = request.options.methods.poses, request.figure_styles
    path = request.inputs["faces"][0]
    bare = FaceSet.open(path)
    sets = by_method(request)
    common = set.intersection(*(set(masked.faces["bare_id"]) for masked in sets.values()))
    candidates = bare.faces[bare.faces["face_id"].isin(common)]
    if len(candidates) == 0:
        raise MaskbenchError(path, "no face was masked by every method", "mask the faces again")
    upright = (float(bare.faces["yaw"].median()), float(bare.faces["pitch"].median()))
    rows = choose_poses(candidates, poses, upright)
    faces = [(label, candidates.iloc[row]) for label, row in rows]
    position = {face_id: index for index, face_id in enumerate(bare.faces["face_id"])}

    block, across = len(faces) + HEAD, min(ACROSS, len(sets))
    columns = LABEL + 1 + across * (GAP + len(styles)) + 0.1
    page = Page(columns, -(-len(sets) // across) * (block + BETWEEN), SIDE)
    for index, (name, masked) in enumerate(sets.items()):
        band, place = divmod(index, across)
        top = band * (block + BETWEEN) + HEAD + 0.1
        left = LABEL + 1 + GAP + place * (GAP + len(styles))
        if place == 0:
            pictures = [bare.images[position[face["face_id"]]] for _, face in faces]
            _bare_column(page, top, faces, pictures)
        page.text(left, top - 0.36, title_of(name), size=8, bold=True)
        page.line(left, top - 0.29, left + len(styles), top - 0.29, PALE)
        for column, style in enumerate(styles):
            page.text(left + column + 0.5, top - 0.07, readable(style), 5.5, GREY, align="center")
            for line, (_, face) in enumerate(faces):
                picture = picture_of(masked, face["face_id"], style, name)
                page.picture(left + column, top + line, picture, RIM, RIM)
    return page.figure


def _bare_column(
    page: Page, top: float, faces: Sequence[tuple[str, pd.Series]], pictures: Sequence[np.ndarray]
) -> None:
    for line, ((label, face), picture) in enumerate(zip(faces, pictures, strict=True)):
        page.picture(LABEL, top + line, picture, RIM, RIM)
        page.text(0.05, top + line + 0.42, label, size=6.5)
        pose = f"yaw {degrees(face['yaw'])}\npitch {degrees(face['pitch'])}"
        page.text(0.05, top + line + 0.52, pose, size=5.5, colour=GREY, valign="top")
    page.text(LABEL + 0.5, top - 0.07, "face", size=5.5, colour=GREY, align="center")


def by_method(request: Request, need: str = "masked") -> dict[str, MaskedSet]:
    """The masked sets of a need by method, in the order of tables.

    Raises:
        MaskbenchError: all of them are empty.
    """
    found: dict[str, MaskedSet] = {}
    for path in map(Path, request.inputs[need]):
        masked = MaskedSet.open(path)
        for name in masked.faces["method"].unique():
            found.setdefault(str(name), masked)
    if not found:
        raise MaskbenchError(request.place, "the masked sets are empty", "mask the faces again")
    return {name: found[name] for name in in_order(found)}


def styled(masked: MaskedSet, name: str) -> bool:
    """Whether a method's pictures are told apart by styles; else it has one a face."""
    return bool(masked.faces.loc[masked.faces["method"] == name, "style"].any())


def picture_of(masked: MaskedSet, face_id: str, style: str, name: str) -> np.ndarray:
    """The picture of a face with a style.

    Raises:
        MaskbenchError: the set has none.
    """
    table = masked.faces
    here = (table["bare_id"] == face_id) & (table["method"] == name)
    rows = np.flatnonzero((here & (table["style"] == style)).to_numpy())
    if len(rows) == 0:
        known = ", ".join(sorted(table["style"].unique()))
        raise MaskbenchError(masked.path, f"no style {style} on face {face_id}", f"it has: {known}")
    return np.asarray(masked.images[rows[0]])
