"""The method keypoint, through the interface of all methods, on real ORL crops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from maskbench.artifacts import sha256_of
from maskbench.config import FacesConfig
from maskbench.datasets.manifest import Pictures
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError
from maskbench.faces.crop import crop_square, to_crop
from maskbench.faces.faceset import FaceSet, FaceSetWriter
from maskbench.faces.locate import FaceLocator
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.draw_masks import draw_masks
from maskbench.masks.maskedset import MaskedSet
from maskbench.masks.overlay import overlay
from maskbench.masks.wearing import wearing
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.synthesise import write_masked
from maskbench.synthesis.train_synthesis import train_synthesis
from maskbench.training import state

STYLES = ("surgical_blue", "kn95")


@pytest.fixture(scope="module")
def faces(orl: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> FaceSet:
    """Six ORL faces of 96 pixels."""
    folder = tmp_path_factory.mktemp("faces")
    pictures = Pictures.open(orl)
    names = pd.read_parquet(orl / "manifest.parquet")["source"].tolist()[::67]
    images = [read_picture(pictures.root / name) for name in names]
    located = FaceLocator(weights, FacesConfig(), device="cpu").locate(images)
    with FaceSetWriter(folder, 96, {"dataset": "orl", "crop": "test"}) as writer:
        for name, image, face in zip(names, images, located, strict=True):
            assert face is not None
            writer.add(
                crop_square(image, face.crop_box, 96),
                {
                    "face_id": name,
                    "identity": Path(name).parent.name,
                    "source": name,
                    "split": "test",
                    "box": face.box.tolist(),
                    "score": face.score,
                    "crop_box": face.crop_box.tolist(),
                    "landmarks": to_crop(face.landmarks, face.crop_box, 96).ravel(),
                    "yaw": face.pose.yaw,
                    "pitch": face.pose.pitch,
                    "roll": face.pose.roll,
                },
            )
    return FaceSet.open(folder)


def apply(faces: FaceSet, out: Path, **params: Any) -> MaskedSet:
    out.mkdir()
    method = METHODS.parse("keypoint", params)
    pairs = [(row, style) for row in (0, 2, 3) for style in STYLES]
    opened = method.spec.load().open(method, out)
    write_masked(opened, faces, MaskPictures.draw(96, STYLES), pairs, 0, out)
    return MaskedSet.open(out)


def test_is_registered_and_learns_nothing(faces: FaceSet, tmp_path: Path) -> None:
    spec = METHODS.get("keypoint")
    assert not spec.trained and spec.styled and spec.family == "overlay"
    draw_masks(out=tmp_path / "pictures", size=32)
    train_synthesis(
        METHODS.parse("keypoint", {}), faces.path, faces.path, tmp_path / "pictures", STYLES,
        seed=0, out=tmp_path / "model", scratch=tmp_path / "scratch",
    )  # fmt: skip
    assert state.load(tmp_path / "model" / "state.safetensors") == {}
    curves = pd.read_parquet(tmp_path / "model" / "curves.parquet")
    assert len(curves) == 0 and list(curves.columns) == ["step", "name", "value"]


def test_every_style_on_every_face(faces: FaceSet, tmp_path: Path) -> None:
    masked = apply(faces, tmp_path / "masked")
    table = masked.faces
    ids = faces.faces["face_id"].tolist()
    assert table["bare_id"].tolist() == [ids[row] for row in (0, 0, 2, 2, 3, 3)]
    assert table["style"].tolist() == list(STYLES) * 3
    assert table["method"].unique().tolist() == ["keypoint"]
    assert table["face_id"].is_unique
    image, coverage = overlay(
        faces.images[2], faces.landmarks[2], *MaskPictures.draw(96, STYLES).picture("kn95")
    )
    assert np.array_equal(masked.images[3], image) and np.array_equal(masked.masks[3], coverage)
    verdict = wearing(np.asarray(masked.masks), masked.landmarks)
    assert np.nanmean(verdict.covers) > 0.97 and verdict.eyes_free.all()


def test_same_bytes_twice_and_params_matter(faces: FaceSet, tmp_path: Path) -> None:
    apply(faces, tmp_path / "one")
    apply(faces, tmp_path / "two")
    assert sha256_of(tmp_path / "one") == sha256_of(tmp_path / "two")
    one = MaskedSet.open(tmp_path / "one")
    flat = apply(faces, tmp_path / "three", fit="homography")
    assert not np.array_equal(one.masks, flat.masks)
    drawn = apply(faces, tmp_path / "four", brightness=False)
    assert np.array_equal(one.masks, drawn.masks) and not np.array_equal(one.images, drawn.images)


def test_unknown_parameter_names_the_nearest() -> None:
    with pytest.raises(MaskbenchError, match="brightness"):
        METHODS.parse("keypoint", {"brightnes": True})
