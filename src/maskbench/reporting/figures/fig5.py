"""Paper 1, Figure 5: four poses, every method, five mask styles.

The paper prints four faces in rows and, side by side, each method's five masks. Six methods of
five masks are too wide for a page, so that here every method is a block of four rows, two blocks
beside each other, the bare faces at the left of each pair.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.reporting.figures.sheets import Sheet, degrees, readable
from maskbench.reporting.figures.style import GREY, PALE, FigureInputs
from maskbench.reporting.names import method_order, method_title

NEEDS = ("faces", "masked", "styles")
SIDE = 0.62  # inches a picture
ACROSS = 2  # method blocks beside each other
LABEL, GAP, HEAD = 1.25, 0.35, 0.62  # picture sides
CHARACTERS = 14.5  # of the smallest text to a picture side
RIM = 0.97  # of the raster that a picture fills

# (letter, words, wanted yaw, wanted pitch), degrees from the median face: what landmarks call
# upright has an offset that depends on the pictures. The rare poses choose first.
POSES = (
    ("c", "turned right", 35.0, 0.0),
    ("d", "bowed", 0.0, 25.0),
    ("a", "frontal", 0.0, 0.0),
    ("b", "frontal", 0.0, 0.0),
)


def choose_poses(
    faces: pd.DataFrame, upright: tuple[float, float] = (0.0, 0.0)
) -> list[tuple[str, int]]:
    """The faces of the rows (a) to (d): (label, row number of ``faces``), in that order.

    Each takes the face whose measured yaw and pitch are nearest to the wanted ones, among people
    not yet taken (and, should there be too few people, among faces not yet taken).

    Args:
        faces: rows with face_id, identity, yaw and pitch in degrees.
        upright: yaw and pitch of the data set's median face.
    """
    person = np.where(faces["identity"] == "", faces["face_id"], faces["identity"])
    free, fresh = np.ones(len(faces), bool), np.ones(len(faces), bool)
    chosen = {}
    for letter, words, yaw, pitch in POSES:
        candidates = np.flatnonzero(fresh) if fresh.any() else np.flatnonzero(free)
        if len(candidates) == 0:
            break
        turn = faces[["yaw", "pitch"]].to_numpy(float) - upright - (yaw, pitch)
        distance = np.hypot(turn[:, 0], turn[:, 1]).round(3)
        ids = faces["face_id"].to_numpy()
        best = min(candidates, key=lambda row: (distance[row], ids[row]))
        chosen[letter] = (f"({letter}) {words}", int(best))
        free[best] = False
        fresh &= free & (person != person[best])
    return [chosen[letter] for letter in sorted(chosen)]


def draw(inputs: FigureInputs) -> Figure:
    """Blocks of methods; rows are the faces, columns the styles of ``inputs.styles``."""
    assert inputs.faces is not None
    bare = FaceSet.open(inputs.faces)
    sets = _by_method(inputs.masked)
    common = set.intersection(*(set(masked.faces["of"]) for masked in sets.values()))
    candidates = bare.faces[bare.faces["face_id"].isin(common)]
    if len(candidates) == 0:
        raise MaskbenchError(
            inputs.faces, "no face of it was masked by every method", "make the masked sets again"
        )
    upright = (float(bare.faces["yaw"].median()), float(bare.faces["pitch"].median()))
    rows = choose_poses(candidates, upright)
    faces = [(label, candidates.iloc[row]) for label, row in rows]
    position = {face_id: index for index, face_id in enumerate(bare.faces["face_id"])}

    count, styles = len(faces), inputs.styles
    block = count + HEAD
    bands = -(-len(sets) // ACROSS)
    columns = LABEL + 1 + min(ACROSS, len(sets)) * (GAP + len(styles)) + 0.1
    note = textwrap.wrap(_footnote(bare, upright), int(columns * CHARACTERS))
    height = bands * (block + 0.25) + 0.15 + 0.2 * len(note)
    sheet = Sheet(columns, height, SIDE)
    for index, (name, masked) in enumerate(sets.items()):
        band, place = divmod(index, ACROSS)
        top = band * (block + 0.25) + HEAD + 0.1
        left = LABEL + 1 + GAP + place * (GAP + len(styles))
        if place == 0:
            for line, (label, face) in enumerate(faces):
                sheet.picture(LABEL, top + line, bare.images[position[face["face_id"]]], RIM, RIM)
                sheet.text(0.05, top + line + 0.42, label, size=6.5)
                pose = f"yaw {degrees(face['yaw'])}\npitch {degrees(face['pitch'])}"
                sheet.text(0.05, top + line + 0.52, pose, size=5.5, colour=GREY, valign="top")
            sheet.text(LABEL + 0.5, top - 0.07, "face", size=5.5, colour=GREY, align="center")
        sheet.text(left, top - 0.36, method_title(name), size=8, bold=True)
        sheet.line(left, top - 0.29, left + len(styles), top - 0.29, PALE)
        for column, style in enumerate(styles):
            words = readable(style)
            sheet.text(left + column + 0.5, top - 0.07, words, 5.5, GREY, align="center")
            for line, (_, face) in enumerate(faces):
                picture = _picture(masked, face["face_id"], style, name)
                sheet.picture(left + column, top + line, picture, RIM, RIM)
    sheet.text(0.05, height - 0.08, "\n".join(note), 5.5, GREY, valign="bottom")
    return sheet.figure


def _footnote(bare: FaceSet, upright: tuple[float, float]) -> str:
    yaw, pitch = (degrees(angle) for angle in upright)
    return (
        f"{bare.dataset}, test people. Poses are measured from landmarks and chosen relative to "
        f"the median of all faces (yaw {yaw}, pitch {pitch}); yaw + looks to the picture's right, "
        "pitch + is bowed."
    )


def _by_method(paths: tuple[Path, ...]) -> dict[str, MaskedSet]:
    found: dict[str, MaskedSet] = {}
    for path in paths:
        masked = MaskedSet.open(path)
        for name in masked.faces["method"].unique():
            found.setdefault(str(name), masked)
    if not found:
        raise MaskbenchError("figure fig5", "the masked sets are empty", "check --masked")
    return {name: found[name] for name in method_order(found)}


def _picture(masked: MaskedSet, face_id: str, style: str, name: str) -> np.ndarray:
    table = masked.faces
    wanted = (table["of"] == face_id) & (table["style"] == style) & (table["method"] == name)
    rows = np.flatnonzero(wanted.to_numpy())
    if len(rows) == 0:
        known = ", ".join(sorted(table["style"].unique()))
        raise MaskbenchError(masked.path, f"no style {style} on face {face_id}", f"it has: {known}")
    return np.asarray(masked.images[rows[0]])
