"""Real faces with masks on: two small MaskedSets on ORL pictures, by the package's own steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from maskbench.config import FacesConfig
from maskbench.datasets.pictures import read_picture
from maskbench.faces.crop import crop_square, to_crop
from maskbench.faces.faceset import FaceSet, FaceSetWriter
from maskbench.faces.locate import FaceLocator
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSetWriter
from maskbench.masks.overlay import overlay

SIZE = 96
STYLES = ("surgical_blue", "checkered", "striped")
UNSEEN = ("striped",)


@pytest.fixture(scope="session")
def faces(orl: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A FaceSet of five people, one picture each; the last one turned by 40 degrees on paper."""
    manifest = pd.read_parquet(orl / "manifest.parquet").sort_values("source")
    sources = manifest.groupby("identity")["source"].first().iloc[:5]
    images = [read_picture(orl / "files" / s) for s in sources]
    out = tmp_path_factory.mktemp("metrics") / "faces"
    out.mkdir()
    spec = {"dataset": "orl", "crop": f"mtcnn+0.2/{SIZE}"}
    with FaceSetWriter(out, SIZE, spec) as writer:
        found = FaceLocator(weights, FacesConfig()).locate(images)
        for i, (source, image, face) in enumerate(zip(sources, images, found, strict=True)):
            assert face is not None, source
            points = to_crop(face.landmarks, face.crop_box, SIZE)
            row = {
                "face_id": f"face{i}",
                "identity": f"person{i}",
                "source": source,
                "split": "test",
                "box": face.box,
                "score": face.score,
                "crop_box": face.crop_box,
                "landmarks": points.astype(np.float32).ravel(),
                "yaw": 40.0 if i == 4 else 3.0,
                "pitch": 0.0,
                "roll": 0.0,
            }
            writer.add(crop_square(image, face.crop_box, SIZE), row)
    return out


def _masked(faces: Path, out: Path, method: str, shift: tuple[float, float]) -> Path:
    """Every style on every face, moved by ``shift`` pixels from where it belongs."""
    bare, pictures = FaceSet.open(faces), MaskPictures.draw(SIZE, STYLES)
    out.mkdir()
    with MaskedSetWriter(out, SIZE, bare.spec) as writer:
        for i in range(len(bare)):
            for style in STYLES:
                rgba, anchors = pictures.picture(style)
                points = (bare.landmarks[i] + np.array(shift)).astype(np.float32)
                image, coverage = overlay(bare.images[i], points, rgba, anchors)
                row = bare.faces.iloc[i].to_dict()
                names = {"face_id": f"{row['face_id']}-{style}", "bare_id": row["face_id"]}
                writer.add(image, row | names | {"method": method, "style": style}, coverage)
    return out


@pytest.fixture(scope="session")
def reference(faces: Path) -> Path:
    """Key-point overlays."""
    return _masked(faces, faces.parent / "keypoint", "keypoint", (0, 0))


@pytest.fixture(scope="session")
def shifted(faces: Path) -> Path:
    """The same masks a little too far up and to the right."""
    return _masked(faces, faces.parent / "shifted", "gan_stn", (6, -9))
