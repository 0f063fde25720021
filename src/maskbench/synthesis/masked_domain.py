"""Step ``masked_domain``: the critic's real pictures, people wearing masks.

Either the key-point overlay on the *training* people of the data set itself: both domains then
hold the same people, and a critic cannot tell them apart by who they are. Or crops of people who
really wear masks, whose styles and coverage are unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from maskbench.artifacts import atomic_dir
from maskbench.config import RealDomain
from maskbench.datasets.manifest import Pictures
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FACE_COLUMNS, FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.dealing import styles_of_faces
from maskbench.masks.maskedset import REAL, MaskedSetWriter
from maskbench.masks.overlay import overlay


def masked_domain(
    faces: Path,
    mask_pictures: Path,
    out: Path,
    config: RealDomain,
    styles: Sequence[str],
    seed: int,
    real_faces: Path | None = None,
    real_pictures: Path | None = None,
) -> None:
    """Write the MaskedSet ``out``.

    Args:
        faces: FaceSet of bare faces; only rows of split ``train`` are used.
        mask_pictures: folder of the rasterised mask pictures.
        out: the MaskedSet to write.
        config: where the real pictures come from, and how many a face.
        styles: the styles that training may use.
        seed: which face gets which styles.
        real_faces: FaceSet of really masked people, where ``config.source`` is not ``keypoint``.
        real_pictures: the folder of the step ``fetch`` that they come from. Where it says who wears
            a mask (its column ``mask``), bare faces are left out.

    Raises:
        MaskbenchError: no training faces, or more copies than styles.
    """
    if config.source == "keypoint":
        pictures = MaskPictures.open(mask_pictures)
        _by_overlay(FaceSet.open(faces, lists=False), pictures, out, config, styles, seed)
    elif real_faces is None:
        raise MaskbenchError(
            "synthesis.real_domain.source", f"{config.source} has no faces", "crop them first"
        )
    else:
        _really_masked(FaceSet.open(real_faces, lists=False), real_pictures, out)


def _by_overlay(
    faces: FaceSet,
    pictures: MaskPictures,
    out: Path,
    config: RealDomain,
    styles: Sequence[str],
    seed: int,
) -> None:
    rows = faces.of_split("train")
    if len(rows) == 0:
        raise MaskbenchError(faces.path, "no faces of split train", "check datasets.*.shares")
    if config.copies > len(styles):
        raise MaskbenchError(
            "synthesis.real_domain.copies",
            f"{config.copies} different styles a face, but there are {len(styles)}",
            "ask for fewer copies",
        )
    dealt = styles_of_faces(len(rows), len(styles), config.copies, seed)
    spec = {**faces.spec, "real_domain": config.model_dump(), "seed": seed}
    with atomic_dir(out) as tmp, MaskedSetWriter(tmp, faces.size, spec) as writer:
        for row, numbers in zip(rows.tolist(), dealt, strict=True):
            own, (landmarks,) = faces.row(row), faces.landmarks_of([row])
            values = {column: own[column] for column in FACE_COLUMNS}
            bare_id = values["face_id"]
            for style in (styles[number] for number in numbers):
                image, coverage = overlay(
                    np.array(faces.images[row]), landmarks, *pictures.picture(style)
                )
                values |= {"face_id": f"{bare_id}@{style}", "bare_id": bare_id, "style": style}
                writer.add(image, values | {"method": "keypoint"}, coverage)


def _really_masked(real: FaceSet, pictures: Path | None, out: Path) -> None:
    """Copy the masked training rows; style and bare face are unknown, the coverage is empty."""
    rows = real.of_split("train")
    manifest = None if pictures is None else Pictures.open(pictures, digests=False).manifest
    if manifest is not None and "mask" in manifest:
        masked = manifest["source"][manifest["mask"] != ""]
        rows = rows[real.faces["source"].iloc[rows].isin(masked).to_numpy()]
    if len(rows) == 0:
        raise MaskbenchError(real.path, "no masked faces of split train", "check datasets.*.shares")
    nothing = np.zeros((real.size, real.size), np.uint8)
    with atomic_dir(out) as tmp, MaskedSetWriter(tmp, real.size, real.spec) as writer:
        for row in rows.tolist():
            own = real.row(row)
            values = {column: own[column] for column in FACE_COLUMNS}
            values |= {"bare_id": "", "style": "", "method": REAL}
            writer.add(np.array(real.images[row]), values, nothing)
