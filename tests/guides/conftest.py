"""A small real experiment: nine ORL faces of three people, cropped, bare and masked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from maskbench.faces.faceset import FACE_COLUMNS, FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSet, MaskedSetWriter
from maskbench.masks.overlay import overlay

PEOPLE = {"s1": "train", "s2": "train", "s3": "val", "s4": "test"}
PICTURES = 3
SIZE = 64
STYLES = ("surgical_blue", "kn95")


@dataclass(frozen=True)
class Small:
    """Folders of a small experiment."""

    faces: Path
    masked: Path
    weights: Path

    def opened(self) -> tuple[FaceSet, MaskedSet]:
        return FaceSet.open(self.faces), MaskedSet.open(self.masked)


def put_masks_on(
    faces: FaceSet,
    out: Path,
    styles: tuple[str, ...] = STYLES,
    splits: tuple[str, ...] = ("train", "val", "test"),
) -> Path:
    """Every face of some splits in every style, by the key-point overlay."""
    pictures = MaskPictures.draw(faces.size, styles)
    out.mkdir()
    with MaskedSetWriter(out, faces.size, faces.spec) as writer:
        for row, points in enumerate(faces.landmarks):
            values = {column: faces.faces[column].iloc[row] for column in FACE_COLUMNS}
            if values["split"] not in splits:
                continue
            bare_id = values["face_id"]
            for style in styles:
                image, coverage = overlay(
                    np.array(faces.images[row]), points, *pictures.picture(style)
                )
                values |= {"face_id": f"{bare_id}@{style}", "bare_id": bare_id, "style": style}
                writer.add(image, values | {"method": "keypoint"}, coverage)
    return out


@pytest.fixture(scope="session")
def small(
    crop_people: Callable[..., Path], weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> Small:
    root = tmp_path_factory.mktemp("small")
    faces = crop_people(root, PEOPLE, PICTURES, SIZE)
    masked = put_masks_on(FaceSet.open(faces), root / "masked")
    return Small(faces, masked, weights)
